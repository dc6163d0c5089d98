//! The server as the product has it, in a process of its own whose clock is quick: this program, started as `serve`.

use std::{
    env,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{SeedableRng, rngs::StdRng};
use securemailbox_e2e::person;
use securemailbox_server::{
    Server, World,
    config::{Configuration, Defaults},
};

/// By how much the clock is quicker. What waits for a while, such as the sweep of each minute, waits as it does otherwise.
const SPEED: u32 = 120;
/// How long an hour of the server's lasts.
pub const HOUR: Duration = Duration::from_secs(60 * 60 / SPEED as u64);

/// Serves until it is killed. Takes `--data` and `--listen`, and everything else from the environment.
pub fn serve() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut configuration = Configuration::read(None, Defaults::Server).expect("a configuration");
        configuration.data = argument("--data").map(Into::into);
        configuration.listen = argument("--listen").and_then(|text| text.parse().ok()).expect("an address");
        let (begun, since) = (person::now(), Instant::now());
        let clock = Arc::new(move || begun.after(since.elapsed() * SPEED));
        let random = StdRng::from_rng(rand::rngs::OsRng).expect("randomness");
        let server = Server::open(configuration, World { clock, random, credentials: None, demo: None });
        let server = server.await.expect("it starts");
        println!("SecureMailbox listens on {}", server.url());
        server.serve(std::future::pending()).await;
    });
    ExitCode::SUCCESS
}

fn argument(name: &str) -> Option<String> {
    env::args().skip_while(|argument| argument != name).nth(1)
}
