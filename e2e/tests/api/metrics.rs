//! What is measured, and that no stranger adds to it.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use reqwest::{Client, Method};
use securemailbox_e2e::{
    h2,
    outage::free_port,
    server::{Server, Start},
};

/// Names and labels of all series, without their values.
async fn series(at: &str) -> BTreeSet<String> {
    let text = reqwest::get(format!("http://{at}/metrics")).await.unwrap().text().await.unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.rsplit_once(' ').map_or(line, |(series, _)| series).to_owned()).collect()
}

#[tokio::test(flavor = "current_thread")]
async fn nothing_that_a_stranger_sends_becomes_a_series() {
    let folder = tempfile::tempdir().unwrap();
    let at = format!("127.0.0.1:{}", free_port());
    let server = Server::start(Start::demo(folder.path()).with("METRICS__LISTEN", &at));
    let client = Client::new();
    let ask = async |word: &str| {
        let method = Method::from_bytes(word.as_bytes()).unwrap();
        let paths = [
            "/healthz".to_owned(),
            format!("/{word}"),
            format!("/api/v1/letters/{word}"),
            format!("/problems/{word}?{word}"),
        ];
        for path in paths {
            let request =
                client.request(method.clone(), format!("{}{path}", server.url())).header("x-forwarded-for", word);
            request
                .header("host", if word.len() > 9 { word } else { server.url().trim_start_matches("http://") })
                .send()
                .await
                .unwrap();
        }
    };
    // Each kind of answer once, so that its series is there.
    for word in ["INVENTED", "INVENTED-AND-LONG"] {
        ask(word).await;
    }
    let before = series(&at).await;
    for number in 0..200 {
        ask(&format!("INVENTED{}", "X".repeat(number))).await;
    }
    let after = series(&at).await;
    let new: Vec<_> = after.difference(&before).collect();
    assert!(new.is_empty(), "{new:?}");
    assert!(!after.iter().any(|series| series.contains("INVENTED")), "{after:?}");
    assert!(after.iter().any(|series| series.contains(r#"method="other""#)), "nothing was counted: {after:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn who_says_nothing_to_the_metrics_keeps_no_place_there() {
    let folder = tempfile::tempdir().unwrap();
    let at = format!("127.0.0.1:{}", free_port());
    let start = Start::demo(folder.path()).with("METRICS__LISTEN", &at);
    let _server = Server::start(start.with("LIMITS__HEAD_SECONDS", "1").with("LIMITS__IDLE_SECONDS", "1"));
    let held: Vec<TcpStream> = (0..40)
        .map(|number| {
            let mut stream = TcpStream::connect(&at).unwrap();
            // The server may have closed it already.
            let _ = stream.write_all(if number % 2 == 0 { b"" } else { &h2::PREFACE[..9] });
            stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            stream
        })
        .collect();
    for mut stream in held {
        let ended = stream.read(&mut [0; 64]);
        assert!(!ended.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "still open");
    }
    assert!(series(&at).await.len() < 100);
}
