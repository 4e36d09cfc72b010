/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probes: what oac_diagnose judges, played through the link. Windows are counted in advance: their number
 * depends on channels and options alone, so that a probe ends whatever the bench does. */
#ifndef OAC_CALIBRATION_PROBE_H
#define OAC_CALIBRATION_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "calibration/diagnose.h"
#include "calibration/measure.h"

#define OAC_PROBE_BIASES  3
#define OAC_PROBE_CODES   5
#define OAC_PROBE_POINTS  (OAC_PROBE_BIASES * OAC_PROBE_CODES)
#define OAC_PROBE_REPEATS 8  /* windows of each point */
#define OAC_PROBE_DARK    64 /* windows without light, of each length */
#define OAC_PROBE_LENGTHS 2  /* short: the own laser fits; long: crosstalk is seen */
#define OAC_PROBE_GROUPS  32 /* of windows, to see drift by */

struct oac_prober {
    struct oac_measure *measure;
    struct oac_probe probe;
    size_t slots[OAC_PROBE_LENGTHS];
    double *dark,
        *dark_variance;   /* (LENGTHS, channels) mean of the dark readouts; of one of them */
    double *bias_v;       /* (channels) to go back to */
    double client_bias_v; /* the same of the client */
    double open_bias_v;   /* of the client, wide open */
    uint16_t open_code;
    double *middle_bias_v; /* (channels) where the light is nearest to half of its most */
    uint16_t *middle_code;
    uint16_t *codes; /* (channels) scratch */
    double *point;   /* (POINTS, channels) scratch: means */
    double *scatter; /* (channels) scratch: sum of squares about them */
    double *code;    /* (windows, channels) scratch of one play */
    uint32_t *saturated;
};

/* Room for plays of drift_windows in groups. The caller then fills bias_v and client_bias_v, zero until then,
 * with what the biases are set to. On failure too, fini frees what there is. */
enum oac_status oac_prober_init(struct oac_prober *prober, struct oac_measure *measure,
                                size_t drift_windows, struct oac_err *err) OAC_MUST_USE;
void oac_prober_fini(struct oac_prober *prober); /* a zeroed one is fine */

/* Code and slow bias of point p of a modulator's voltages: CODES over the port's range, BIASES of them.
 * Pure. */
uint16_t oac_probe_code(const struct oac_port *port, size_t p);
double oac_probe_bias(const struct oac_prober *prober, enum oac_setting setting,
                      const struct oac_port *port, double vpi_v, double present_v, size_t p);

/* The least swing/most of a modulator of at most 1.5 nominal V_pi and at least 3 dB of extinction, wherever its
 * peak, over the points' voltages. Pure. */
double oac_probe_need(const struct oac_prober *prober, size_t k);

/* In this order: readouts without light; where the client is open; each laser alone against its weight's
 * voltages; one frame for as many windows as a sweep has. Biases and lasers are as before afterwards. */
enum oac_status oac_probe_dark(struct oac_prober *prober, struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_probe_client(struct oac_prober *prober, struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_probe_lasers(struct oac_prober *prober, struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_probe_drift(struct oac_prober *prober, size_t windows,
                                struct oac_err *err) OAC_MUST_USE;

#endif
