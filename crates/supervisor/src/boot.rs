//! Which boot of the machine this is. After a reboot nothing of an earlier run can be alive, whatever its process id.

/// An opaque name of the current boot; empty where the system does not tell, and then every boot looks the same.
pub fn current_boot_id() -> String {
    #[cfg(target_os = "linux")]
    {
        std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .map(|id| id.trim().to_owned())
            .unwrap_or_default()
    }
    #[cfg(not(target_os = "linux"))]
    {
        String::new()
    }
}
