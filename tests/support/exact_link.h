/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A link that obeys the readout equation of hal/calrec.h in double precision and nothing else: no noise,
 * no rounding but that of a float readout; crosstalk, parked lasers and bent readouts included. What the
 * engine computes on it must be the exact product. Every
 * channel differs in V_pi, V_peak, extinction, gain, offset, dark and gated light; odd channels have
 * falling converters. It can fail its n-th call and remembers which slots were played. */
#ifndef OAC_TESTS_SUPPORT_EXACT_LINK_H
#define OAC_TESTS_SUPPORT_EXACT_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "hal/calrec.h"
#include "hal/link.h"

struct oac_exact_options {
    size_t channels, slots_max;
    unsigned dac_bits;
    uint32_t guard_slots;
    double r_weight, r_client; /* of channel 0 and of the client */
    double pair_mismatch;      /* relative; with differential */
    bool differential;
    bool bare; /* no offsets, dark and gated light: y = gain * sum Tw Tx */
};

enum oac_status oac_exact_open(const struct oac_exact_options *options, struct oac_link *link,
                               struct oac_err *err) OAC_MUST_USE;

/* What the link obeys: its nominal record as well, until a test changes it (before loading frames). */
struct oac_calrec *oac_exact_truth(struct oac_link *link);

/* Drift: readout k rises by (k+1) rise and shifts by (k+1) shift_code, all of it from slot `from` on when
 * over_slots is 0, else in proportion to the slots since then, over so many. */
struct oac_exact_drift {
    uint64_t from, over_slots;
    double rise, shift_code;
};
void oac_exact_set_drift(struct oac_link *link, const struct oac_exact_drift *drift);

/* The n-th call from now (1: the next) that may fail does so with OAC_EDEVICE; 0: none. */
void oac_exact_fail_at(struct oac_link *link, unsigned n);
size_t oac_exact_loaded(const struct oac_link *link);

/* slot0 of the windows of the latest play (at most 16): how many, and which. */
size_t oac_exact_last_slots(const struct oac_link *link, const uint64_t **slot0);

/* The opening (T - r)/(1 - r) that a code plays at a port. */
double oac_exact_opening(const struct oac_port *port, const struct oac_curve *curve,
                         uint16_t code);

/* Photons of a window: this many per unit of sum over rows and slots of gain Tw Tx. */
#define OAC_EXACT_PHOTONS_PER_CODE 1000.0

#endif
