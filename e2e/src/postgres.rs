//! A throw-away PostgreSQL on a socket.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// Where Debian installs each version of PostgreSQL.
const VERSIONS: &str = "/usr/lib/postgresql";

/// A cluster of its own. Dropped, it is stopped and gone.
pub struct Postgres {
    folder: TempDir,
    binaries: PathBuf,
}

impl Postgres {
    /// Makes and starts one.
    ///
    /// # Panics
    /// When PostgreSQL is not installed: `apt-get install postgresql`.
    #[must_use]
    pub fn start() -> Self {
        let versions =
            std::fs::read_dir(VERSIONS).unwrap_or_else(|_| panic!("PostgreSQL is missing: apt-get install postgresql"));
        let newest = versions.filter_map(Result::ok).map(|entry| entry.path()).max().expect("a version");
        let postgres = Self { folder: tempfile::tempdir().expect("a folder"), binaries: newest.join("bin") };
        let path = postgres.folder.path().display().to_string();
        // It refuses to run as root.
        run(Command::new("chown").args(["postgres", &path]));
        postgres.as_postgres(&format!("initdb -D {path}/data -U postgres -A trust --no-sync"));
        postgres.as_postgres(&format!(
            "pg_ctl -D {path}/data -w -o \"-k {path} -c listen_addresses='' -c fsync=off\" -l {path}/log start"
        ));
        postgres
    }

    /// How a server names its database.
    #[must_use]
    pub fn url(&self) -> String {
        format!("host={} user=postgres dbname=postgres", self.folder.path().display())
    }

    /// The folder with the files of the cluster, which erasure is tried on.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn as_postgres(&self, line: &str) {
        run(Command::new("su").args(["postgres", "-c", &format!("{}/{line}", self.binaries.display())]));
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let path = self.folder.path().display().to_string();
        self.as_postgres(&format!("pg_ctl -D {path}/data -m immediate stop"));
    }
}

fn run(command: &mut Command) {
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
