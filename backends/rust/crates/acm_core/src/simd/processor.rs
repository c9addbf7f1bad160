//! What processors do not say of themselves in their feature bits.

use std::arch::x86_64::__cpuid;

/// AMD's Zen 3, which has no AVX-512, and Zen 4.
const ZEN_4_FAMILY: u32 = 0x19;

/// Whether 512-bit instructions are done in two halves. What they gain then is fewer instructions and more registers.
pub fn halves_wide_registers() -> bool {
    let vendor = __cpuid(0);
    let name = [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes);
    let signature = __cpuid(1).eax;
    let family = (signature >> 8 & 0xf) + (signature >> 20 & 0xff);
    name.as_flattened() == b"AuthenticAMD" && family == ZEN_4_FAMILY
}
