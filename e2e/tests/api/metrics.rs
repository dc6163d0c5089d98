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

async fn scrape(at: &str) -> String {
    reqwest::get(format!("http://{at}/metrics")).await.unwrap().text().await.unwrap()
}

/// Names and labels of all series, without their values.
async fn series(at: &str) -> BTreeSet<String> {
    let text = scrape(at).await;
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

/// What is measured, as the operator reads it: name, labels, kind and help.
type Measured = (String, BTreeSet<String>, String, String);

fn documented() -> BTreeSet<Measured> {
    let document = include_str!("../../../docs/running.md");
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `securemailbox_"));
    rows.map(|row| {
        let mut cells = row.trim_end_matches(" |").split(" | ");
        let series = cells.next().unwrap().trim_end_matches('`').trim_end_matches('}');
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let labels = labels.split(',').filter(|label| !label.is_empty()).map(str::to_owned).collect();
        let (kind, help) = (cells.next().unwrap(), cells.next().unwrap());
        (format!("securemailbox_{name}"), labels, kind.to_owned(), help.to_owned())
    })
    .collect()
}

/// As Prometheus reads it: `HELP` and `TYPE` of a name, then its series.
fn rendered(text: &str) -> BTreeSet<Measured> {
    let (mut found, mut help) = (BTreeSet::new(), String::new());
    let mut lines = text.lines().filter(|line| !line.is_empty()).peekable();
    while let Some(line) = lines.next() {
        if let Some(described) = line.strip_prefix("# HELP ") {
            help = described.to_owned();
        }
        let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|typed| typed.split_once(' ')) else { continue };
        let told = help.strip_prefix(name).unwrap_or_default().trim().to_owned();
        while let Some(series) = lines.next_if(|line| !line.starts_with('#')) {
            let labels =
                series.split_once('{').and_then(|(_, rest)| rest.rsplit_once('}')).map_or("", |(labels, _)| labels);
            let names = labels.split("\",").filter_map(|label| label.split_once('=')).map(|(name, _)| name.to_owned());
            // Which bucket of a histogram, and no label of ours.
            let labels = names.filter(|name| name != "le").collect();
            found.insert((name.to_owned(), labels, kind.to_owned(), told.clone()));
        }
    }
    found
}

#[tokio::test(flavor = "current_thread")]
async fn everything_measured_is_documented_and_there_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let at = format!("127.0.0.1:{}", free_port());
    let _server = Server::start(Start::demo(folder.path()).with("METRICS__LISTEN", &at));
    let text = scrape(&at).await;
    // The server does not end TLS here.
    let is_here = |measured: &Measured| measured.0 != "securemailbox_certificate_days";
    let expected: BTreeSet<_> = documented().into_iter().filter(is_here).collect();
    assert!(expected.len() > 15, "{expected:?}");
    assert_eq!(rendered(&text), expected);
    for series in [
        r#"securemailbox_notices_total{lane="texts",result="refused",cause="no-credit"} 0"#,
        r#"securemailbox_problems_total{problem="internal"} 0"#,
        r#"securemailbox_notices_waiting{lane="letters"} "#,
        "securemailbox_letters_total ",
        "securemailbox_erasure_seconds_count 0",
        "securemailbox_connections_failed_total 0",
    ] {
        assert!(text.contains(series), "{series} is not in\n{text}");
    }
    let value = |name: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
        line.rsplit_once(' ').unwrap().1.parse().unwrap()
    };
    // The people of a demo were made.
    assert!(value("securemailbox_commit_seconds_count") > 1.0);
    assert!(value("securemailbox_writes_under_way") >= 0.0);
    assert!(value("securemailbox_disk_free_bytes") > 0.0);
    assert!(value("securemailbox_connections_most") > 0.0);
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
    assert!(!series(&at).await.is_empty());
}
