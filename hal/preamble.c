/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hal/preamble.h"

/* Exponents of the feedback polynomial below x^n, as bits. */
static const uint32_t taps[OAC_PREAMBLE_STAGES_MAX + 1] = {
    [2] = 0x3, [3] = 0x3,  [4] = 0x3,  [5] = 0x5,  [6] = 0x3,
    [7] = 0x3, [8] = 0x1d, [9] = 0x11, [10] = 0x9,
};

static unsigned clamped(unsigned stages)
{
    if (stages < OAC_PREAMBLE_STAGES_MIN)
        return OAC_PREAMBLE_STAGES_MIN;
    return stages > OAC_PREAMBLE_STAGES_MAX ? OAC_PREAMBLE_STAGES_MAX : stages;
}

static uint32_t parity(uint32_t bits)
{
    uint32_t odd = 0;
    for (; bits; bits &= bits - 1)
        odd ^= 1u;
    return odd;
}

size_t oac_preamble_length(unsigned stages)
{
    return ((size_t)1 << clamped(stages)) - 1;
}

void oac_preamble_chips(unsigned stages, uint8_t *chip)
{
    const unsigned n = clamped(stages);
    const size_t length = oac_preamble_length(n);
    uint32_t state =
        1; /* bit i is the chip i steps ahead: a[t+n] = sum of a[t+i] over the taps */
    for (size_t t = 0; t < length; t++) {
        chip[t] = (uint8_t)(state & 1u);
        state = (state >> 1) | (parity(state & taps[n]) << (n - 1));
    }
}
