//! Another configuration for a server that runs: certificates and limits. No request is lost by it.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

use crate::{
    StartError,
    config::Configuration,
    files, listener,
    mailroom::Mailroom,
    notices::Senders,
    patience::Patience,
    rates::Network,
    shares::Shares,
    tls::{self, Shown},
};

/// Takes another configuration in place of the one that a server was opened with.
pub struct Reloader {
    pub(crate) configuration: Configuration,
    pub(crate) mailroom: Mailroom,
    pub(crate) shown: Option<Arc<Shown>>,
    pub(crate) places: Arc<Shares<Network>>,
    pub(crate) patience: watch::Sender<Patience>,
}

impl Reloader {
    /// Takes certificate, limits and connections from `next`, and returns the keys that changed besides: they are taken at
    /// the next start only. Refused, it changes nothing.
    ///
    /// # Errors
    /// [`StartError`], as at a start.
    pub fn reload(&mut self, next: Configuration) -> Result<Vec<String>, StartError> {
        next.check(false)?;
        next.limits.check_files(files::raise_limit())?;
        Senders::configured(&next)?;
        let identity = next.tls.as_ref().map(tls::read).transpose()?;
        if let (Some(shown), Some(identity)) = (&self.shown, identity) {
            shown.show(identity);
            shown.warn_of_its_end(self.mailroom.now());
        }
        self.mailroom.rates.change(&next.limits);
        self.places.divide(listener::places(&next.limits));
        self.patience.send_replace(Patience::new(&next.limits));
        Ok(waiting(&self.configuration, &next))
    }
}

/// The keys that differ and are read at a start only.
fn waiting(now: &Configuration, next: &Configuration) -> Vec<String> {
    // Only to be compared: what is secret in it goes no further.
    let (Ok(Value::Object(now_is)), Ok(Value::Object(next_is))) =
        (serde_json::to_value(now), serde_json::to_value(next))
    else {
        return Vec::new();
    };
    let is_taken = |key: &str| match key {
        "limits" | "log" => true,
        // Another pair of files is taken; TLS where there was none, or none where it was, is not.
        "tls" => now.tls.is_some() == next.tls.is_some(),
        _ => false,
    };
    let differ = |key: &String| now_is.get(key) != next_is.get(key) && !is_taken(key);
    next_is.keys().filter(|key| differ(key)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{NetworkLimits, Tls};

    #[test]
    fn what_waits_for_a_start_is_named() {
        let now = Configuration::default();
        let tls = Some(Tls { cert: "a".into(), key: "b".into() });
        let limits = NetworkLimits { connections: 7, ..NetworkLimits::default() };
        let next = Configuration { limits, data: Some("elsewhere".into()), tls: tls.clone(), ..now.clone() };
        assert_eq!(waiting(&now, &next), ["data", "tls"]);
        let with = Configuration { tls, ..now };
        let renewed = Configuration { tls: Some(Tls { cert: "c".into(), key: "d".into() }), ..with.clone() };
        assert!(waiting(&with, &renewed).is_empty());
    }
}
