/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The front panel of a simulated bench: its ports, its slow settings and its capabilities. Both engines
 * show the same panel, so that nothing above them can tell them apart by it. */
#ifndef OAC_SIM_PANEL_H
#define OAC_SIM_PANEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "hal/calrec.h"
#include "hal/link.h"
#include "sim/bench.h"
#include "sim/rig.h"

struct oac_panel {
    struct oac_link_caps caps;
    struct oac_port *ports; /* weight (C), client (1), readout (C) */
    struct oac_calrec *nominal;
    char device_id[80];
    /* settings, as set (channels) */
    double *laser_dbm, *laser_on, *bias_weight_v, *predelay_s, *rx_gain;
    double bias_client_v, skew_s;
    double *memory;
};

/* engine: "sim" or "wave", the prefix of device_id. Ports run at the slot rate, caps say one conversion per
 * readout; an engine changes what differs. On failure nothing is left behind. */
enum oac_status oac_panel_init(struct oac_panel *panel, const struct oac_rig *rig,
                               const struct oac_bench *bench, uint32_t noise,
                               const char *engine, const char *firmware,
                               const uint8_t rig_hash[32], struct oac_err *err) OAC_MUST_USE;
void oac_panel_fini(struct oac_panel *panel); /* a zeroed panel is fine */

/* The setting's place; channel has been checked by the core. */
double *oac_panel_setting(struct oac_panel *panel, enum oac_setting setting, size_t channel);
/* Stores value at the setting's step; returns whether it changed. */
bool oac_panel_set(struct oac_panel *panel, enum oac_setting setting, size_t channel,
                   double value, double *readback);
void oac_panel_dark(struct oac_panel *panel); /* every laser off */

/* sim/nominal.c: the calibration record an uncalibrated user starts from. */
enum oac_status oac_nominal_calrec(const struct oac_rig *rig, const char *device_id,
                                   const uint8_t rig_hash[32], struct oac_calrec **calrec,
                                   struct oac_err *err) OAC_MUST_USE;

#endif
