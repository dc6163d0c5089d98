//! The project's folder, its cargo, and what it builds.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use crate::process::{self, Failure, Outcome};

/// Which of the workspace's two native profiles.
#[derive(Clone, Copy)]
pub(crate) enum Profile {
    /// One for `run` and every stage of `test`.
    Dev,
    /// What is installed.
    Release,
}

pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// The workspace that cargo was called in; of an xtask that is called by itself, the one that it was built from. Two checkouts that
    /// once shared a target folder have one xtask, which was built in either.
    pub(crate) fn here() -> Outcome<Self> {
        let xtask = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = xtask.parent().ok_or_else(|| Failure::new("xtask has no folder"))?;
        // This program is TARGET/debug/xtask: right whatever CARGO_TARGET_DIR or a configuration file says.
        let this = env::current_exe()?;
        let target = this.ancestors().nth(2).ok_or_else(|| Failure::new("xtask lies in no target folder"))?;
        Ok(Self { root: root.into(), target: target.into() })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where builds, and what is downloaded for them, lie.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// `cargo`, for this workspace.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(arguments).current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        cargo
    }

    /// Builds `securemailbox` and says where it is.
    pub(crate) fn build_binary(&self, profile: Profile) -> Outcome<PathBuf> {
        let (folder, flags): (_, &[_]) = match profile {
            // A test beside it makes cargo choose features as for all tests, so that neither `run` after `test` nor
            // `test` after `run` compiles a dependency again.
            Profile::Dev => ("debug", &["--test", "rooms"]),
            Profile::Release => ("release", &["--release"]),
        };
        process::run(self.cargo(&["build", "--locked", "--workspace", "--bin", "securemailbox"]).args(flags))?;
        Ok(self.target.join(folder).join("securemailbox"))
    }
}
