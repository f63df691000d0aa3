//! What the server counts, for those who watch it.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{Method, StatusCode};

/// Something that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Metric {
    Requests,
    Created,
    Changed,
    Deleted,
    Unauthorized,
    Forbidden,
    TooMany,
    OtherClientErrors,
    ServerErrors,
    Milliseconds,
}

impl Metric {
    pub(crate) const ALL: [Self; 10] = [
        Self::Requests,
        Self::Created,
        Self::Changed,
        Self::Deleted,
        Self::Unauthorized,
        Self::Forbidden,
        Self::TooMany,
        Self::OtherClientErrors,
        Self::ServerErrors,
        Self::Milliseconds,
    ];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Requests => "scimRequests",
            Self::Created => "resourcesCreated",
            Self::Changed => "resourcesChanged",
            Self::Deleted => "resourcesDeleted",
            Self::Unauthorized => "unauthorizedRequests",
            Self::Forbidden => "forbiddenRequests",
            Self::TooMany => "throttledRequests",
            Self::OtherClientErrors => "otherClientErrors",
            Self::ServerErrors => "serverErrors",
            Self::Milliseconds => "scimMilliseconds",
        }
    }

    /// What it counts.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::Requests => "SCIM requests since the last reset",
            Self::Created => "SCIM requests that created a user or a group",
            Self::Changed => "SCIM requests that replaced or changed a user or a group",
            Self::Deleted => "SCIM requests that deleted a user or a group",
            Self::Unauthorized => "SCIM requests whose token was missing or not accepted (401)",
            Self::Forbidden => "SCIM requests that were refused by rights or policy (403)",
            Self::TooMany => "SCIM requests that came too often or too many at once (429)",
            Self::OtherClientErrors => {
                "SCIM requests with another error of the client (4xx), or for what is not offered (501)"
            }
            Self::ServerErrors => "SCIM requests that the server could not serve (5xx)",
            Self::Milliseconds => "Time spent on SCIM requests, in milliseconds",
        }
    }
}

/// The counts.
#[derive(Default)]
pub(crate) struct Metrics([AtomicU64; Metric::ALL.len()]);

impl Metrics {
    /// Counts a SCIM request that was answered.
    pub(crate) fn count(&self, method: &Method, status: StatusCode, millis: u64) {
        self.add(Metric::Requests, 1);
        self.add(Metric::Milliseconds, millis);
        let metric = match (status.as_u16(), method.as_str()) {
            (201, _) => Metric::Created,
            (200 | 204, "PUT" | "PATCH") => Metric::Changed,
            (204, "DELETE") => Metric::Deleted,
            (401, _) => Metric::Unauthorized,
            (403, _) => Metric::Forbidden,
            (429, _) => Metric::TooMany,
            // What is not offered is asked for all the same, by clients that try everything.
            (400..500 | 501, _) => Metric::OtherClientErrors,
            (500.., _) => Metric::ServerErrors,
            _ => return,
        };
        self.add(metric, 1);
    }

    /// A count at this moment.
    pub(crate) fn get(&self, metric: Metric) -> u64 {
        self.0[metric as usize].load(Ordering::Relaxed)
    }

    /// Begins anew.
    pub(crate) fn reset(&self) {
        self.0.iter().for_each(|count| count.store(0, Ordering::Relaxed));
    }

    fn add(&self, metric: Metric, more: u64) {
        self.0[metric as usize].fetch_add(more, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_counts_once_by_what_came_of_it() {
        let metrics = Metrics::default();
        let rows = [
            ("GET", 200),
            ("POST", 201),
            ("PUT", 200),
            ("PATCH", 204),
            ("DELETE", 204),
            ("GET", 401),
            ("POST", 403),
            ("GET", 429),
            ("GET", 404),
            ("GET", 503),
        ];
        for (method, status) in rows {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            metrics.count(&method, StatusCode::from_u16(status).unwrap(), 2);
        }
        let counts = Metric::ALL.map(|it| metrics.get(it));
        assert_eq!(counts, [10, 1, 2, 1, 1, 1, 1, 1, 1, 20]);
        metrics.reset();
        assert_eq!(Metric::ALL.map(|it| metrics.get(it)), [0; 10]);
    }
}
