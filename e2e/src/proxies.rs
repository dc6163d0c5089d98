//! nginx and Caddy in front of a server, from the very files in `deploy/`: only names, ports and places are others.

use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::{
    authority::{Authority, Identity},
    outage::free_port,
};

const NGINX: &str = include_str!("../../deploy/nginx.conf");
const CADDY: &str = include_str!("../../deploy/Caddyfile");

/// The name in the examples.
const NAME: &str = "mail.example.se";

/// A reverse proxy that ends TLS for `localhost`. Dropped, it is killed.
pub struct Proxy {
    child: Child,
    folder: PathBuf,
    authority: PathBuf,
    port: u16,
    server: u16,
}

impl Proxy {
    /// nginx by `deploy/nginx.conf`.
    ///
    /// # Panics
    /// When it does not start, with what it said.
    #[must_use]
    pub fn nginx(folder: &Path) -> Self {
        Self::nginx_without(folder, "")
    }

    /// The same without one line of the file.
    ///
    /// # Panics
    /// When there is no such line, or nginx does not start.
    #[must_use]
    pub fn nginx_without(folder: &Path, line: &str) -> Self {
        let (port, server) = (free_port(), free_port());
        let (authority, identity) = identity(folder);
        assert!(NGINX.contains(line), "no such line: {line}");
        let live = format!("/etc/letsencrypt/live/{NAME}");
        let site = NGINX
            .replace(line, if line.is_empty() { line } else { "" })
            // Beyond loopback a test listens nowhere.
            .replace("    listen [::]:80;\n", "")
            .replace("    listen [::]:443 ssl http2;\n", "")
            .replace("listen 80;", &format!("listen 127.0.0.1:{};", free_port()))
            .replace("listen 443 ", &format!("listen 127.0.0.1:{port} "))
            .replace("127.0.0.1:8025", &format!("127.0.0.1:{server}"))
            .replace(&format!("{live}/fullchain.pem"), text(&identity.cert))
            .replace(&format!("{live}/privkey.pem"), text(&identity.key))
            .replace("/var/log/nginx", text(folder))
            .replace(NAME, "localhost");
        let mut told = site.lines().filter(|line| !line.trim_start().starts_with('#'));
        let elsewhere = |line: &str| line.contains("8025") || line.contains(" /etc/") || line.contains(" /var/log/");
        assert!(!told.any(elsewhere), "the example has changed: {site}");
        fs::write(folder.join("site.conf"), site).expect("a folder to write to");
        // What Debian's nginx.conf has around a site, as far as it matters.
        let around = "daemon off;\nuser root;\npid nginx.pid;\nerror_log nginx.log;\nevents {}\nhttp {\n    include site.conf;\n";
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary: String = temporary.iter().map(|kind| format!("    {kind}_temp_path {kind};\n")).collect();
        fs::write(folder.join("nginx.conf"), format!("{around}{temporary}}}\n")).expect("a folder to write to");
        // Debian keeps it in a folder that is on root's path only.
        let debians = Path::new("/usr/sbin/nginx");
        let mut command = Command::new(if debians.is_file() { debians } else { Path::new("nginx") });
        command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf"));
        Self::start(command, folder, authority, (port, server))
    }

    /// Caddy by `deploy/Caddyfile`.
    ///
    /// # Panics
    /// When it does not start, with what it said.
    #[must_use]
    pub fn caddy(folder: &Path) -> Self {
        let (port, server) = (free_port(), free_port());
        let (authority, identity) = identity(folder);
        let site = format!(
            "https://localhost:{port} {{\n\tbind 127.0.0.1\n\ttls {} {}\n",
            text(&identity.cert),
            text(&identity.key)
        );
        let file = CADDY
            .replace(&format!("\n{NAME} {{\n"), &format!("\n{site}"))
            .replace("127.0.0.1:8025", &format!("127.0.0.1:{server}"))
            // The ports of the machine, and its authorities, are left alone.
            .replacen("\n{\n", "\n{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n", 1);
        assert!(file.contains(&site) && file.contains("admin off"), "the example has changed: {file}");
        fs::write(folder.join("Caddyfile"), file).expect("a folder to write to");
        let mut command = Command::new("caddy");
        command.arg("run").arg("--adapter").arg("caddyfile").arg("--config").arg(folder.join("Caddyfile"));
        command.env("HOME", folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
        Self::start(command, folder, authority, (port, server))
    }

    fn start(mut command: Command, folder: &Path, authority: PathBuf, (port, server): (u16, u16)) -> Self {
        let said = fs::File::create(folder.join("said.log")).expect("a folder to write to");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).spawn();
        let child = child.expect("apt-get install nginx caddy");
        let mut proxy = Self { child, folder: folder.to_owned(), authority, port, server };
        for _ in 0..400 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return proxy;
            }
            if let Ok(Some(status)) = proxy.child.try_wait() {
                panic!("the proxy ended with {status}:\n{}", proxy.said());
            }
            thread::park_timeout(Duration::from_millis(25));
        }
        panic!("the proxy does not answer:\n{}", proxy.said());
    }

    /// Its address, `https://localhost:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// The port on which it expects the server.
    #[must_use]
    pub const fn server(&self) -> u16 {
        self.server
    }

    /// The authority that clients need to believe it, PEM.
    ///
    /// # Panics
    /// When it is gone.
    #[must_use]
    pub fn certificate(&self) -> Vec<u8> {
        fs::read(&self.authority).expect("it was made")
    }

    /// Everything in its logs, also what is there by default.
    ///
    /// # Panics
    /// When a log can't be read.
    #[must_use]
    pub fn said(&self) -> String {
        let files = fs::read_dir(&self.folder).expect("a folder").map(|file| file.expect("a file").path());
        let logs = files.filter(|path| path.extension().is_some_and(|extension| extension == "log"));
        logs.map(|log| fs::read_to_string(log).expect("text")).collect()
    }
}

/// An authority, and a certificate for `localhost` that it signed.
fn identity(folder: &Path) -> (PathBuf, Identity) {
    let authority = Authority::new(folder, "authority");
    (authority.cert().to_owned(), authority.issue("localhost", 2))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // By a signal that nginx's master passes on to its workers; it may have ended already.
        let _ = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
