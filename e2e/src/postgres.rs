//! A throw-away PostgreSQL on a socket.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{authority::Identity, outage::free_port};

/// Where Debian installs each version of PostgreSQL.
const VERSIONS: &str = "/usr/lib/postgresql";

/// A cluster of its own. Dropped, it is stopped and gone.
pub struct Postgres {
    folder: TempDir,
    binaries: PathBuf,
    options: String,
}

impl Postgres {
    /// Makes and starts one.
    ///
    /// # Panics
    /// When PostgreSQL is not installed: `apt-get install postgresql`.
    #[must_use]
    pub fn start() -> Self {
        let postgres = Self::make("-c listen_addresses=''");
        postgres.go_on();
        postgres
    }

    /// Makes and starts one that is reached by TLS too, at localhost and this port. Asks for a password there: `hemligt`.
    #[must_use]
    pub fn start_encrypted(identity: &Identity) -> (Self, u16) {
        let port = free_port();
        let mut postgres = Self::make("");
        let data = postgres.folder().join("data");
        let (cert, key) = (data.join("server.crt"), data.join("server.key"));
        std::fs::copy(&identity.cert, &cert).expect("a certificate");
        std::fs::copy(&identity.key, &key).expect("a key");
        // It refuses a key that is not its own.
        run(Command::new("chown").arg("postgres").args([&cert, &key]));
        run(Command::new("chmod").arg("600").arg(&key));
        std::fs::write(
            data.join("pg_hba.conf"),
            "local all all trust\nhostssl all all localhost scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n",
        )
        .expect("a folder to work in");
        postgres.options = format!("-c listen_addresses=localhost -c port={port} -c ssl=on");
        postgres.go_on();
        let path = postgres.folder().display();
        postgres.as_postgres(&format!("psql -h {path} -p {port} -c \"ALTER USER postgres PASSWORD 'hemligt'\""));
        (postgres, port)
    }

    fn make(options: &str) -> Self {
        let versions =
            std::fs::read_dir(VERSIONS).unwrap_or_else(|_| panic!("PostgreSQL is missing: apt-get install postgresql"));
        let newest = versions.filter_map(Result::ok).map(|entry| entry.path()).max().expect("a version");
        let folder = tempfile::tempdir().expect("a folder");
        let postgres = Self { folder, binaries: newest.join("bin"), options: options.to_owned() };
        let path = postgres.folder.path().display().to_string();
        // It refuses to run as root.
        run(Command::new("chown").args(["postgres", &path]));
        postgres.as_postgres(&format!("initdb -D {path}/data -U postgres -A trust --no-sync"));
        postgres
    }

    /// Starts it again after [`Postgres::stop`].
    pub fn go_on(&self) {
        let (path, options) = (self.folder.path().display(), &self.options);
        self.as_postgres(&format!(
            "pg_ctl -D {path}/data -w -o \"-k {path} {options} -c fsync=off\" -l {path}/log start"
        ));
    }

    /// Stops it, as a machine that restarts does. What is in it stays.
    pub fn stop(&self) {
        self.as_postgres(&format!("pg_ctl -D {}/data -w -m fast stop", self.folder.path().display()));
    }

    /// How a server names its database.
    #[must_use]
    pub fn url(&self) -> String {
        format!("host={} user=postgres dbname=postgres", self.folder.path().display())
    }

    /// Does something to the database by hand.
    ///
    /// # Panics
    /// When it refuses.
    pub fn run(&self, sql: &str) {
        let path = self.folder.path().display();
        self.as_postgres(&format!("psql -q -h {path} -U postgres -v ON_ERROR_STOP=1 -c \"{sql}\""));
    }

    /// The folder with the files of the cluster, which erasure is tried on.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn as_postgres(&self, line: &str) {
        run(&mut self.command(line));
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new("su");
        command.args(["postgres", "-c", &format!("{}/{line}", self.binaries.display())]);
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let path = self.folder.path().display().to_string();
        // It may be stopped already.
        let _ = self.command(&format!("pg_ctl -D {path}/data -m immediate stop")).output();
    }
}

fn run(command: &mut Command) {
    let output = command.output().expect("it starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
