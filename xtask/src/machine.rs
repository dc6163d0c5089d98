//! What the tests need of the machine: found, or on Debian with root installed, or asked for in one line.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Once,
};

use crate::{
    process::{self, Failure, Outcome},
    workspace::Workspace,
};

/// Something that a stage needs and Debian has.
pub(crate) struct Tool {
    /// What it is there for, to a person without Debian.
    pub(crate) name: &'static str,
    /// Debian's packages.
    pub(crate) packages: &'static [&'static str],
    /// Whether it is there.
    pub(crate) is_there: fn() -> bool,
}

pub(crate) const NODE: Tool =
    Tool { name: "node 20.19 or later, and npm", packages: &["nodejs", "npm"], is_there: has_node };

pub(crate) const CHROMIUM: Tool =
    Tool { name: "Chromium, or say where it is by CHROMIUM", packages: &["chromium"], is_there: has_chromium };

pub(crate) const POSTGRESQL: Tool =
    Tool { name: "the server of PostgreSQL 15 or later", packages: &["postgresql"], is_there: has_postgresql };

pub(crate) const NGINX: Tool = Tool { name: "nginx", packages: &["nginx"], is_there: has_nginx };

pub(crate) const CADDY: Tool =
    Tool { name: "Caddy 2", packages: &["caddy"], is_there: || process::is_installed("caddy") };

/// An authenticator app for the tests, by other hands than ours.
pub(crate) const OATHTOOL: Tool =
    Tool { name: "oathtool", packages: &["oathtool"], is_there: || process::is_installed("oathtool") };

pub(crate) const SYSTEMD: Tool =
    Tool { name: "systemd", packages: &["systemd"], is_there: || process::is_installed("systemd-creds") };

pub(crate) const SQLITE: Tool =
    Tool { name: "sqlite3", packages: &["sqlite3"], is_there: || process::is_installed("sqlite3") };

const PYTHON: Tool = Tool {
    name: "python 3 with venv",
    packages: &["python3", "python3-venv"],
    is_there: || Command::new("python3").args(["-c", "import ensurepip"]).output().is_ok_and(|o| o.status.success()),
};

/// A Python that has the packages of `requirements`, in an environment of its own below the target folder.
pub(crate) fn python_with(workspace: &Workspace, requirements: &str) -> Outcome<PathBuf> {
    provide(&PYTHON)?;
    let environment = workspace.target().join("python");
    let python = environment.join("bin/python");
    if !python.is_file() {
        process::run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    let install = ["-m", "pip", "install", "--quiet", "--requirement", requirements];
    process::run(Command::new(&python).args(install).current_dir(workspace.root()))?;
    Ok(python)
}

/// Installs what `folder`'s lock file names, unless that was done since the file was last written.
pub(crate) fn node_modules(workspace: &Workspace, folder: &str) -> Outcome {
    provide(&NODE)?;
    let folder = workspace.root().join(folder);
    let written = |path: &str| fs::metadata(folder.join(path)).and_then(|file| file.modified()).ok();
    if written("node_modules/.package-lock.json") < written("package-lock.json") {
        process::run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder))?;
    }
    Ok(())
}

/// Whether this is Debian, or a descendant that has its package manager.
pub(crate) fn is_debian() -> bool {
    process::is_installed("apt-get")
}

/// Makes a tool be there.
///
/// # Errors
/// It is not, and can't be had here without a person; the sentence says what to install.
pub(crate) fn provide(tool: &Tool) -> Outcome {
    if (tool.is_there)() {
        return Ok(());
    }
    let missing =
        || Failure::new(format!("install {} (on Debian: apt-get install {})", tool.name, tool.packages.join(" ")));
    if !is_debian() || !is_root() {
        return Err(missing());
    }
    refresh_package_lists();
    let mut install = Command::new("apt-get");
    install
        .args(["install", "-y", "--no-install-recommends"])
        .args(tool.packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    process::run(&mut install).map_err(|_| missing())?;
    if (tool.is_there)() { Ok(()) } else { Err(missing()) }
}

/// Once a run; a failure shows in the installation that follows.
pub(crate) fn refresh_package_lists() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if is_root() {
            process::run(Command::new("apt-get").args(["update", "-q"])).ok();
        }
    });
}

fn is_root() -> bool {
    process::capture(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Older ones than Debian 13's can't run what builds the page.
fn has_node() -> bool {
    let version = process::capture(Command::new("node").arg("--version")).unwrap_or_default();
    process::is_installed("npm") && is_new_enough(&version)
}

fn is_new_enough(node: &str) -> bool {
    let mut numbers = node.trim().trim_start_matches('v').split('.').map_while(|number| number.parse::<u32>().ok());
    (numbers.next(), numbers.next()) >= (Some(20), Some(19))
}

/// Where the tests look (`e2e/browser/house/chromium.ts`): what `CHROMIUM` names, and nothing else, or the usual places.
fn has_chromium() -> bool {
    match env::var_os("CHROMIUM") {
        Some(named) => Path::new(&named).is_file(),
        None => CHROMIUM_PLACES.iter().any(|place| Path::new(place).is_file()),
    }
}

const CHROMIUM_PLACES: &[&str] =
    &["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium"];

/// Debian keeps it in a folder that is on root's path only.
fn has_nginx() -> bool {
    process::is_installed("nginx") || Path::new("/usr/sbin/nginx").is_file()
}

/// Debian keeps `initdb` off the path, in a folder for each version.
fn has_postgresql() -> bool {
    let versions = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten();
    process::is_installed("initdb") || versions.map(|version| version.path().join("bin/initdb")).any(|p| p.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_is_too_old_is_not_there() {
        for (version, is_enough) in
            [("v20.19.0\n", true), ("v22.1.0", true), ("v20.18.3", false), ("v18.20.4", false), ("", false)]
        {
            assert_eq!(is_new_enough(version), is_enough, "{version}");
        }
    }
    #[test]
    fn chromium_is_looked_for_where_the_tests_look() {
        let tests = include_str!("../../e2e/browser/house/chromium.ts");
        let (_, places) = tests.split_once("USUAL_PLACES = [").expect("a list");
        let (places, _) = places.split_once(']').expect("its end");
        let places: Vec<&str> = places.split(", ").map(|place| place.trim_matches('"')).collect();
        assert_eq!(CHROMIUM_PLACES, places);
    }
}
