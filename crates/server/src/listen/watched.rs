//! A connection that ends where its client keeps it waiting: for a head, a request, or a reader.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// How fast a client must take an answer, in bytes a second, once the time that it may be idle is
/// over: until then the whole answer waits in memory.
const TAKEN_BYTES_PER_SECOND: u64 = 16 * 1024;

/// What is written at once of an answer in HTTP/2; the answers to a client's PINGs are shorter.
const ANSWER_BYTES_MIN: usize = 1024;

/// How long a client may be silent before its connection is closed, once we have said our last word.
const LINGER_SILENCE: Duration = Duration::from_millis(500);
/// How long that may take in all, and how many bytes are thrown away meanwhile.
const LINGER_TIME: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 16 * 1024 * 1024;

/// A connection, with or without TLS, with the time that a client may take.
///
/// HTTP/1.1 has two times: for a head that has begun, and between requests. hyper's own timeout for
/// heads knows one for both. The heads of HTTP/2 come between other frames, so it has the second
/// alone. While a request is in work neither counts: it has its own bounds.
pub(super) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
    head_time: Duration,
    idle_time: Duration,
    phase: Phase,
    /// The requests that had begun when the phase was last looked at.
    begun: usize,
    deadline: Pin<Box<Sleep>>,
    /// Since when the client takes nothing of what is written to it.
    stalled: Option<Pin<Box<Sleep>>>,
    answer: Answer,
    /// The client has said that it sends no more.
    is_read_to_end: bool,
    linger: Option<Linger>,
}

/// The time between our last word and the close. A client that is still sending a request which was
/// answered already (it is too large, say) would find its connection reset if it were closed at once,
/// and might not see the answer.
struct Linger {
    until: Instant,
    silence: Pin<Box<Sleep>>,
    bytes: usize,
}

/// What was written since the last request began.
#[derive(Default)]
struct Answer {
    /// When the first of it was.
    since: Option<Instant>,
    bytes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing came yet.
    Fresh,
    /// A head is under way.
    Head,
    /// Between requests.
    Idle,
    /// HTTP/2.
    Frames,
}

/// The requests of one connection.
#[derive(Default)]
pub(super) struct Activity {
    begun: AtomicUsize,
    ended: AtomicUsize,
    /// Who reads, and found a request in work: hyper reads again only when it is woken.
    reader: Mutex<Option<Waker>>,
}

/// A request in work, until it is dropped.
pub(super) struct InWork(Arc<Activity>);

impl Activity {
    pub(super) fn begin(self: &Arc<Self>) -> InWork {
        self.begun.fetch_add(1, Ordering::SeqCst);
        InWork(Arc::clone(self))
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    fn is_busy(&self) -> bool {
        self.ended.load(Ordering::SeqCst) != self.begun()
    }

    fn reader(&self) -> MutexGuard<'_, Option<Waker>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InWork {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
        if let Some(reader) = self.0.reader().take() {
            reader.wake();
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Watched<S> {
    pub(super) fn new(
        stream: S,
        activity: Arc<Activity>,
        head_time: Duration,
        idle_time: Duration,
    ) -> Self {
        let deadline = Box::pin(sleep(head_time));
        let (phase, begun, stalled) = (Phase::Fresh, 0, None);
        let (answer, is_read_to_end, linger) = (Answer::default(), false, None);
        Self {
            stream,
            activity,
            head_time,
            idle_time,
            phase,
            begun,
            deadline,
            stalled,
            answer,
            is_read_to_end,
            linger,
        }
    }

    /// Throws away what the client sends until it ends, is silent, or has had its time.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_read_to_end {
            return Poll::Ready(());
        }
        let linger = self.linger.get_or_insert_with(|| Linger {
            until: Instant::now() + LINGER_TIME,
            silence: Box::pin(sleep(LINGER_SILENCE)),
            bytes: 0,
        });
        let mut room = [0; 16 * 1024];
        loop {
            let mut buf = ReadBuf::new(&mut room);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {
                    linger.bytes += buf.filled().len();
                    let silent_at = (Instant::now() + LINGER_SILENCE).min(linger.until);
                    linger.silence.as_mut().reset(silent_at);
                    if linger.bytes > LINGER_BYTES || Instant::now() >= linger.until {
                        return Poll::Ready(());
                    }
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return linger.silence.as_mut().poll(cx),
            }
        }
    }

    /// A request that began since the last look ended the head before it.
    fn look(&mut self) {
        let begun = self.activity.begun();
        if begun != self.begun || self.activity.is_busy() {
            if begun != self.begun {
                self.answer = Answer::default();
            }
            self.begun = begun;
            if self.phase != Phase::Frames {
                self.phase = Phase::Idle;
            }
            self.wait(self.idle_time);
        }
    }

    fn received(&mut self, bytes: &[u8]) {
        match self.phase {
            // RFC 9113 §3.4: the preface of HTTP/2 begins with PRI, which is no method of ours.
            Phase::Fresh if bytes.starts_with(b"PRI") => {
                self.phase = Phase::Frames;
                self.wait(self.idle_time);
            }
            Phase::Fresh | Phase::Idle if !self.activity.is_busy() => {
                self.phase = Phase::Head;
                self.wait(self.head_time);
            }
            Phase::Fresh | Phase::Idle | Phase::Head | Phase::Frames => {}
        }
    }

    /// A client that takes nothing for as long as it may be idle is gone.
    fn progress(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let since = *self.answer.since.get_or_insert_with(Instant::now);
        if let Poll::Ready(written) = written {
            self.stalled = None;
            let bytes = *written.as_ref().unwrap_or(&0);
            self.answer.bytes += bytes as u64;
            // Who takes an answer is not idle; frames that carry none are small.
            let is_answer = self.phase != Phase::Frames || bytes >= ANSWER_BYTES_MIN;
            if self.phase != Phase::Head && is_answer {
                self.wait(self.idle_time);
            }
            return Poll::Ready(written);
        }
        let earned = Duration::from_secs(self.answer.bytes / TAKEN_BYTES_PER_SECOND);
        let left = (self.idle_time + earned).saturating_sub(since.elapsed());
        let time = self.idle_time.min(left);
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(time)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn wait(&mut self, time: Duration) {
        self.deadline.as_mut().reset(Instant::now() + time);
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.look();
        let before = buf.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buf) {
            Poll::Ready(read) => {
                let bytes = &buf.filled()[before..];
                match bytes.is_empty() {
                    true => self.is_read_to_end = true,
                    false => self.received(bytes),
                }
                Poll::Ready(read)
            }
            Poll::Pending if self.activity.is_busy() => {
                *self.activity.reader() = Some(cx.waker().clone());
                Poll::Pending
            }
            Poll::Pending => {
                ready!(self.deadline.as_mut().poll(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.progress(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        }
        self.poll_linger(cx).map(Ok)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.progress(cx, written)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let (long, short) = (Duration::from_secs(600), Duration::from_millis(20));
        let mut watched = Watched::new(stream, Arc::default(), long, short);
        // More than the buffers of both ends hold.
        let error = watched.write_all(&vec![0; 64 * 1024 * 1024]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(client);
    }

    /// Writes as a server does: hyper asks for the next request meanwhile.
    async fn answer(watched: Watched<TcpStream>, bytes: usize) -> io::Result<()> {
        let (mut reads, mut writes) = tokio::io::split(watched);
        let mut next = [0; 1];
        tokio::select! {
            read = reads.read(&mut next) => read.map(drop),
            written = async { writes.write_all(&vec![0; bytes]).await } => written,
        }
    }

    async fn pair(idle: Duration) -> (Watched<TcpStream>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let mut watched = Watched::new(stream, Arc::default(), Duration::from_secs(600), idle);
        watched.phase = Phase::Idle;
        watched.wait(idle);
        (watched, client)
    }

    #[tokio::test]
    async fn a_client_that_takes_an_answer_for_longer_than_it_may_be_idle_gets_all_of_it() {
        let (watched, mut client) = pair(Duration::from_millis(100)).await;
        let taking = tokio::spawn(async move {
            let (mut taken, mut part) = (0, vec![0; 1024 * 1024]);
            loop {
                match client.read(&mut part).await.unwrap() {
                    0 => return taken,
                    bytes => taken += bytes,
                }
                sleep(Duration::from_millis(10)).await;
            }
        });
        let begun = Instant::now();
        answer(watched, 48 * 1024 * 1024).await.unwrap();
        assert!(begun.elapsed() > Duration::from_millis(200), "it took longer than the idle time");
        assert_eq!(taking.await.unwrap(), 48 * 1024 * 1024);
    }

    #[tokio::test]
    async fn a_client_that_is_still_sending_gets_our_last_word_and_no_reset() {
        let (mut watched, mut client) = pair(Duration::from_secs(600)).await;
        let sending = tokio::spawn(async move {
            // More than the buffers of both ends hold: it is sent only if somebody takes it.
            client.write_all(&vec![0; 12 * 1024 * 1024]).await?;
            client.shutdown().await?;
            let mut answer = String::new();
            client.read_to_string(&mut answer).await?;
            io::Result::Ok(answer)
        });
        watched.write_all(b"too large").await.unwrap();
        watched.shutdown().await.unwrap();
        drop(watched);
        assert_eq!(sending.await.unwrap().unwrap(), "too large");
    }

    #[tokio::test]
    async fn a_client_that_is_silent_after_our_last_word_is_closed_soon() {
        let (mut watched, client) = pair(Duration::from_secs(600)).await;
        let begun = Instant::now();
        watched.shutdown().await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
        drop(client);
    }

    #[tokio::test]
    async fn a_client_that_takes_too_little_is_given_up() {
        let (watched, mut client) = pair(Duration::from_millis(200)).await;
        let taking = tokio::spawn(async move {
            let mut part = [0; 16];
            while client.read_exact(&mut part).await.is_ok() {
                sleep(Duration::from_millis(20)).await;
            }
        });
        let error = answer(watched, 64 * 1024 * 1024).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        taking.abort();
    }
}
