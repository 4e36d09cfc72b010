/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The analytic engine: a link whose every readout has the exact mean and variance of physics.md, drawn with
 * one variate. Implements hal/link.h. docs/physics.md holds the equations, with file and test. */
#ifndef OAC_SIM_ANALYTIC_H
#define OAC_SIM_ANALYTIC_H

#include <stdint.h>

#include "hal/link.h"
#include "sim/rig.h"

/* Opens a simulated bench. noise: mask of sim/noise.h. seed keys the noise; the rig's bench_seed fixes its
 * hidden imperfections and drift. rig_hash identifies the rig text. */
enum oac_status oac_analytic_open(const struct oac_rig *rig, const uint8_t rig_hash[32],
                                  uint32_t noise, uint64_t seed, struct oac_link *link,
                                  struct oac_err *err) OAC_MUST_USE;

#endif
