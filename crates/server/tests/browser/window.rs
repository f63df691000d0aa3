//! A browser with a window that nobody sees, and what people do in it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use provost_testkit::server::TestServer;
use thirtyfour::prelude::*;

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the browser needs to run without a screen, as root, and without a network beside this machine.
const ARGUMENTS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1000",
];

/// A window of a browser, at the console of a server.
pub(crate) struct Window {
    driver: WebDriver,
    root: String,
}

/// The program that steers the browser; it goes with the test.
struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    fn start() -> Self {
        let needed = "the tests of the console need chromium and chromedriver (on Debian: the \
                      packages chromium and chromium-driver)";
        let process = Command::new("chromedriver")
            .args(["--port=0", "--log-level=SEVERE"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut process = process.unwrap_or_else(|error| panic!("{needed}: {error}"));
        let output = process.stdout.take().expect("is piped");
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        let port = lines.filter_map(|line| {
            let (_, rest) = line.split_once("started successfully on port ")?;
            rest.trim_end_matches('.').parse().ok()
        });
        let port = { port }.next().expect("chromedriver says its port");
        Self { process, port }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A process that is gone is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Opens a window at the console below a path, and closes it after the test, however that ends.
pub(crate) async fn visit(server: &TestServer, root: &str, test: impl AsyncFnOnce(Window)) {
    let driver = Driver::start();
    let mut capabilities = DesiredCapabilities::chrome();
    for argument in ARGUMENTS {
        capabilities.add_arg(argument).unwrap();
    }
    let address = format!("http://127.0.0.1:{}", driver.port);
    let window = WebDriver::new(address, capabilities).await.expect("chromium starts");
    let root = format!("http://{}{root}", server.address);
    let outcome = window.run_and_quit(async |driver| {
        test(Window { driver, root }).await;
        Ok::<_, WebDriverError>(())
    });
    outcome.await.expect("the browser ends");
}

impl Window {
    /// Signs in with a token.
    pub(crate) async fn sign_in(&self, token: &str) {
        self.open("/sign-in").await;
        self.fill("token", token).await;
        self.press("Sign in").await;
    }

    /// Opens a page of the console.
    pub(crate) async fn open(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.root)).await.unwrap();
    }

    /// The path of the page that is shown, below the console's root, with its query string.
    pub(crate) async fn path(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        url.as_str().strip_prefix(&self.root).unwrap_or(url.as_str()).to_owned()
    }

    /// Presses the button with a text, which leads to another page.
    pub(crate) async fn press(&self, text: &str) {
        let before = self.found("html").await.element_id();
        let button = self.one(By::XPath(format!("//button[normalize-space()='{text}']"))).await;
        button.click().await.unwrap_or_else(|error| panic!("{text}: {error}"));
        // The page is another one when its root is.
        let begun = std::time::Instant::now();
        while self.driver.find(By::Css("html")).await.is_ok_and(|it| it.element_id() == before) {
            assert!(begun.elapsed() < PATIENCE, "{text} leads nowhere");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Unfolds what stands under a text.
    pub(crate) async fn unfold(&self, text: &str) {
        let path = format!("//summary[starts-with(normalize-space(), '{text}')]");
        self.one(By::XPath(path)).await.click().await.unwrap();
    }

    /// Follows the link with a text.
    pub(crate) async fn follow(&self, text: &str) {
        let path = format!("//a[normalize-space()='{text}']");
        self.one(By::XPath(path)).await.click().await.unwrap();
    }

    /// Writes into a field, in place of what is there.
    pub(crate) async fn fill(&self, name: &str, text: &str) {
        let field = self.found(&format!("[name='{name}']")).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Ticks or unticks a box.
    pub(crate) async fn tick(&self, name: &str) {
        self.found(&format!("[name='{name}']")).await.click().await.unwrap();
    }

    /// Chooses from a list.
    pub(crate) async fn choose(&self, selector: &str, text: &str) {
        let field = self.found(selector).await;
        thirtyfour::components::SelectElement::new(&field)
            .await
            .unwrap()
            .select_by_exact_text(text)
            .await
            .unwrap();
    }

    /// What stands in a field.
    pub(crate) async fn value(&self, name: &str) -> String {
        self.found(&format!("[name='{name}']")).await.value().await.unwrap().unwrap_or_default()
    }

    /// What people read where a selector leads.
    pub(crate) async fn text(&self, selector: &str) -> String {
        self.found(selector).await.text().await.unwrap()
    }

    /// What a script of the test gives; pages have none.
    pub(crate) async fn script(&self, script: &str) -> serde_json::Value {
        self.driver.execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// Makes the window narrower.
    pub(crate) async fn narrow(&self, width: u32) {
        self.driver.set_window_rect(0, 0, width, 800).await.unwrap();
    }

    async fn found(&self, selector: &str) -> WebElement {
        self.one(By::Css(selector)).await
    }

    async fn one(&self, by: By) -> WebElement {
        let query = self.driver.query(by.clone()).wait(PATIENCE, Duration::from_millis(50));
        match query.first().await {
            Ok(found) => found,
            Err(error) => {
                let text = self.driver.source().await.unwrap_or_default();
                panic!("{by:?}: {error}\n{text}")
            }
        }
    }
}
