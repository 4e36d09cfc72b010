/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The deployment gate: whether a calibration file entitles this network to run on this bench, decided from the
 * file alone, without a bench. A table of checks, each with what was found and what was asked:
 *
 *     seal        the file holds what was written                          (base/h5_seal.h)
 *     verdict     the calibration ended certified
 *     statistics  counts, prior and alpha give the stated bound again, and it reaches the stated target
 *     model, rig  the digests are those of the certificate
 *     accuracy    bound >= the least accuracy asked for; default: the certificate's target
 *     energy      light leaving the server per product of the model <= its limit
 *     latency     bench time of an image <= its limit
 *     age         since the certificate's date <= its limit, and not before it
 * Every check is made, so that one run tells everything that is wrong. */
#ifndef OAC_CALIBRATION_GATE_H
#define OAC_CALIBRATION_GATE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/status.h"
#include "calibration/certificate.h"

#define OAC_GATE_CHECKS_MAX 12u

struct oac_gate_request {
    const char *calibration_path, *model_path;
    const char *rig_name;
    const char *rig_sha256;                          /* of the rig's complete text, hex */
    double min_accuracy;                             /* NAN: the certificate's target */
    double max_aj_per_mac, max_latency_s, max_age_s; /* INFINITY: no limit, no check */
    time_t now;
};

struct oac_gate_check {
    const char *name;
    bool passed;
    char found[160], asked[160]; /* in words, with units */
};

struct oac_gate_result {
    bool passed; /* all of them */
    struct oac_certificate certificate;
    char calibration_sha256[OAC_DIGEST_HEX_BYTES]; /* of the file */
    size_t checks;
    struct oac_gate_check check[OAC_GATE_CHECKS_MAX];
};

/* Status: OAC_OK whether the gate opens or not; a file that cannot be read or holds no certificate is an error of
 * its own. */
enum oac_status oac_gate_run(const struct oac_gate_request *request,
                             struct oac_gate_result *result, struct oac_err *err) OAC_MUST_USE;

#endif
