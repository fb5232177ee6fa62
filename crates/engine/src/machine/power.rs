//! Whether the machine has mains power, by what the kernel tells of its power supplies.
//! <https://docs.kernel.org/power/power_supply_class.html>

use solti_model::Reading;
use std::fs;
use std::path::Path;

/// A machine without a battery, or whose batteries all rest, has mains power: desktops and servers tell of no supply at all.
pub(super) fn on_mains(supplies: &Path) -> Reading<bool> {
    let unseen = |error: std::io::Error| format!("{}: {error}", supplies.display());
    let (mut unplugged, mut has_battery, mut discharging) = (false, false, false);
    for supply in fs::read_dir(supplies).map_err(unseen)? {
        let supply = supply.map_err(unseen)?.path();
        let says = |file: &str| fs::read_to_string(supply.join(file)).unwrap_or_default().trim().to_owned();
        // Of a mouse or a headset.
        if says("scope") == "Device" {
            continue;
        }
        match says("type").as_str() {
            "Battery" | "UPS" => {
                has_battery = true;
                discharging |= says("status") == "Discharging";
            }
            // Mains, and the many kinds of USB.
            _ => match says("online").as_str() {
                // 1 or, where several voltages are to be had, 2.
                "1" | "2" => return Ok(true),
                "0" => unplugged = true,
                _ => {}
            },
        }
    }
    let on_battery = discharging || (unplugged && has_battery);
    Ok(!on_battery)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(supplies: &[(&str, &[(&str, &str)])]) -> Reading<bool> {
        let dir = tempfile::tempdir().expect("a folder");
        for (name, files) in supplies {
            fs::create_dir(dir.path().join(name)).expect("made");
            for (file, text) in *files {
                fs::write(dir.path().join(name).join(file), format!("{text}\n")).expect("written");
            }
        }
        on_mains(dir.path())
    }

    #[test]
    fn a_laptop_is_told_from_what_is_always_plugged_in() {
        let on = [("type", "Mains"), ("online", "1")];
        let off = [("type", "Mains"), ("online", "0")];
        let charging = [("type", "Battery"), ("status", "Charging")];
        let draining = [("type", "Battery"), ("status", "Discharging")];
        let full = [("type", "Battery"), ("status", "Not charging")];
        let mouse = [("type", "Battery"), ("status", "Discharging"), ("scope", "Device")];
        let usb = [("type", "USB"), ("online", "1")];
        assert_eq!(machine(&[]), Ok(true), "a desktop");
        assert_eq!(machine(&[("mouse", &mouse)]), Ok(true), "a desktop with a mouse");
        assert_eq!(machine(&[("AC", &off)]), Ok(true), "a desktop with a second supply that rests");
        assert_eq!(machine(&[("AC", &on), ("BAT0", &charging)]), Ok(true));
        assert_eq!(machine(&[("AC", &off), ("BAT0", &draining)]), Ok(false));
        assert_eq!(machine(&[("AC", &off), ("BAT0", &full), ("BAT1", &draining)]), Ok(false));
        assert_eq!(machine(&[("AC", &off), ("BAT0", &full)]), Ok(false), "unplugged just now");
        assert_eq!(machine(&[("AC", &off), ("BAT0", &draining), ("ucsi", &usb)]), Ok(true), "by USB");
        assert_eq!(machine(&[("BAT0", &draining)]), Ok(false));
    }

    #[test]
    fn a_kernel_that_tells_of_no_power_is_no_mains_power() {
        let why = on_mains(Path::new("/nowhere/power_supply")).expect_err("nothing is there");
        assert!(why.starts_with("/nowhere/power_supply: "), "{why}");
    }
}
