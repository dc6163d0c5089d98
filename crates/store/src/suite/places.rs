//! Where the tests keep their stores: a folder of their own, or a database of their own in a cluster that lives as long
//! as the test process.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use tempfile::TempDir;
use tokio_postgres::NoTls;

use crate::{Location, Store, pieces::Pieces};

pub(super) struct Place {
    location: Location,
    folder: TempDir,
}

impl Place {
    pub(super) async fn open(&self) -> Store {
        Store::open(self.location.clone(), self.pieces()).await.expect("the store opens")
    }

    pub(super) const fn location(&self) -> &Location {
        &self.location
    }

    /// Where the bytes of blobs lie.
    pub(super) fn pieces(&self) -> Pieces {
        Pieces::in_folder(self.folder.path().join("blobs"))
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

pub(super) fn sqlite() -> Place {
    let folder = tempfile::tempdir().expect("a folder");
    Place { location: Location::Sqlite(folder.path().to_path_buf()), folder }
}

pub(super) async fn postgresql() -> Place {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let host = cluster();
    let name = format!("store_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let (client, connection) =
        tokio_postgres::connect(&format!("host={host} user=postgres"), NoTls).await.expect("the cluster answers");
    let connection = tokio::spawn(connection);
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database");
    drop(client);
    connection.await.expect("no panic").expect("the connection ends well");
    let folder = tempfile::tempdir().expect("a folder");
    Place { location: Location::Postgres(format!("host={host} user=postgres dbname={name}")), folder }
}

/// The folder with the socket of this process's cluster.
///
/// A shell starts it and stops it when its standard input ends, which it does however this process ends.
fn cluster() -> &'static str {
    static CLUSTER: OnceLock<(String, Child)> = OnceLock::new();
    const SCRIPT: &str = r#"
        D=$(mktemp -d) && trap 'pg_ctl -D "$D/data" -m immediate stop >&2; rm -rf "$D"' EXIT
        initdb -D "$D/data" -U postgres -A trust --no-sync >&2 &&
        pg_ctl -w -D "$D/data" -l "$D/log" start >&2 \
            -o "-k $D -c listen_addresses='' -c fsync=off -c max_connections=300" &&
        echo "$D" && read -r _"#;
    let start = || {
        let bin = "/usr/lib/postgresql/15/bin";
        assert!(
            Path::new(bin).join("initdb").exists(),
            "the suite runs on PostgreSQL too: apt-get install postgresql-15 (looked in {bin})"
        );
        let script = format!("cd /; PATH={bin}:$PATH; {SCRIPT}");
        // PostgreSQL refuses to run as root.
        let am_root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        let mut command = Command::new(if am_root { "su" } else { "sh" });
        if am_root {
            command.args(["postgres", "-s", "/bin/sh"]);
        }
        let mut shell = command
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let mut folder = String::new();
        BufReader::new(shell.stdout.take().expect("its output")).read_line(&mut folder).expect("a line");
        assert!(!folder.is_empty(), "PostgreSQL did not start: try the commands of {} by hand", file!());
        (folder.trim().to_owned(), shell)
    };
    &CLUSTER.get_or_init(start).0
}
