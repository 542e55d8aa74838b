//! Keyrings: the kernel's on Linux, which works over SSH and without a desktop, and those of desktops through the programs
//! that come with them. A library for the Secret Service would bring eighty crates to do what `secret-tool` does.

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::Secret;
use super::command::{self, Deadline};
use super::source::{NoSecret, Wanted};

/// The service that entries belong to, and the beginning of the names of keys.
const SERVICE: &str = "noctui";

/// What is kept for `account`.
#[cfg(target_os = "linux")]
pub(super) async fn find(account: &str) -> Result<Zeroizing<Vec<u8>>, NoSecret> {
    let name = format!("{SERVICE}:{account}");
    let kernel = match of_kernel(&name) {
        Ok(secret) => return Ok(secret),
        Err(error) => error,
    };
    let words = ["secret-tool", "lookup", "service", SERVICE, "account", account].map(str::to_owned);
    command::output(&words, Deadline::USUAL).await.map_err(|desktop| {
        let missing = matches!(desktop, NoSecret::Unstarted { .. });
        let desktop = if missing { "secret-tool is not installed".to_owned() } else { desktop.to_string() };
        NoSecret::NotKept {
            wanted: Wanted::Token,
            account: account.to_owned(),
            said: format!("kernel key {name}: {kernel}; {desktop}"),
        }
    })
}

/// Keeps a secret for `account`, in place of the one there, or says why not: in the keyring of the desktop. The kernel's
/// forgets its keys when the machine starts.
#[cfg(target_os = "linux")]
pub(crate) async fn keep(account: &str, secret: &Secret) -> Result<(), String> {
    let label = format!("--label={SERVICE} {account}");
    let words = ["secret-tool", "store", &label, "service", SERVICE, "account", account].map(str::to_owned);
    let given = command::give(&words, secret.expose().as_bytes(), Deadline::USUAL).await;
    given.map_err(|error| {
        if let NoSecret::Failed { said, .. } = error {
            return said;
        }
        let is_missing = matches!(error, NoSecret::Unstarted { .. });
        if is_missing { "secret-tool is not installed".to_owned() } else { error.to_string() }
    })
}

/// How to write into keyrings of other systems without showing the secret to everybody is not known.
#[cfg(not(target_os = "linux"))]
pub(crate) async fn keep(_account: &str, _secret: &Secret) -> Result<(), String> {
    Err("keyrings of this system are only read".to_owned())
}

/// The key `name` of the kernel, in the keyring of the session or of the user.
#[cfg(target_os = "linux")]
fn of_kernel(name: &str) -> Result<Zeroizing<Vec<u8>>, linux_keyutils::KeyError> {
    use linux_keyutils::{KeyRing, KeyRingIdentifier};

    let look = |ring| KeyRing::from_special_id(ring, false)?.search(name)?.read_to_vec().map(Zeroizing::new);
    look(KeyRingIdentifier::Session).or_else(|_| look(KeyRingIdentifier::User))
}

/// What is kept for `account` in the keychain of macOS.
#[cfg(target_os = "macos")]
pub(super) async fn find(account: &str) -> Result<Zeroizing<Vec<u8>>, NoSecret> {
    let words = ["/usr/bin/security", "find-generic-password", "-s", SERVICE, "-a", account, "-w"].map(str::to_owned);
    let found = command::output(&words, Deadline::USUAL).await;
    found.map_err(|error| NoSecret::NotKept {
        wanted: Wanted::Token,
        account: account.to_owned(),
        said: error.to_string(),
    })
}

/// No keyring of other systems is known.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(super) async fn find(account: &str) -> Result<Zeroizing<Vec<u8>>, NoSecret> {
    let said = "keyrings of this system are not known".to_owned();
    Err(NoSecret::NotKept { wanted: Wanted::Token, account: account.to_owned(), said })
}

/// How somebody puts a token where it is looked for.
pub(super) fn remedy(account: &str) -> Cow<'static, str> {
    if cfg!(target_os = "macos") {
        format!("keep it with: security add-generic-password -s {SERVICE} -a {account} -w").into()
    } else {
        format!(
            "keep it with: secret-tool store --label=noctui service {SERVICE} account {account}, or: keyctl padd user \
             {SERVICE}:{account} @u"
        )
        .into()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_key_of_the_kernel_is_found() {
        use linux_keyutils::{KeyRing, KeyRingIdentifier};

        use super::{SERVICE, find};

        let session = KeyRing::from_special_id(KeyRingIdentifier::Session, false);
        let name = format!("{SERVICE}:test-{}", std::process::id());
        let Ok(key) = session.and_then(|session| session.add_key(&name, "abc\n")) else {
            eprintln!("SKIPPED: this machine does not let programs use the kernel's keyring");
            return;
        };
        let found = find(&format!("test-{}", std::process::id())).await;
        key.invalidate().unwrap();
        assert_eq!(found.unwrap().as_slice(), b"abc\n");
    }
}
