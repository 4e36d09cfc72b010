/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The noise switches, by their names in docs/physics.md. */
#ifndef OAC_SIM_NOISE_H
#define OAC_SIM_NOISE_H

#include <stdint.h>

#include "base/status.h"

enum oac_noise {
    OAC_NOISE_SHOT = 1,
    OAC_NOISE_THERMAL = 2,
    OAC_NOISE_READ = 4,
    OAC_NOISE_RIN = 8,
    OAC_NOISE_DRIVE = 16,
    OAC_NOISE_ASE = 32,
    OAC_NOISE_ADC = 64, /* rounding, clipping and the noise beyond rounding */
    OAC_NOISE_DRIFT = 128,
    OAC_NOISE_LINEWIDTH = 256, /* the waveform engine's alone, as the next */
    OAC_NOISE_JITTER = 512,
    OAC_NOISE_ALL = 1023,
    OAC_NOISE_NONE = 0,
};

/* "all", "none" or a comma-separated list. */
enum oac_status oac_noise_parse(const char *list, uint32_t *mask,
                                struct oac_err *err) OAC_MUST_USE;
/* The canonical list, in the order above; "all" and "none" where they apply. */
void oac_noise_format(uint32_t mask, char text[64]);

#endif
