//! The name of this machine and its user.

#[cfg(unix)]
pub(crate) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
pub(crate) fn host_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// `ana at build-7`; only the machine if the environment does not name the user.
pub(crate) fn user_and_host() -> String {
    let names = ["USER", "LOGNAME", "USERNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
    let user = names.filter(|name| !name.is_empty()).map(|name| format!("{name} at ")).next();
    user.unwrap_or_default() + &host_name()
}
