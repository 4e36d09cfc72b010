/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a calibration certifies: this network, on this bench, is right at least so often, at so much light, time.
 *
 * Group /certificate of a calibration file, beside the record it was reached with; the file's seal
 * (base/h5_seal.h) ties the two together. All that is needed to compute the bound again is in it. */
#ifndef OAC_CALIBRATION_CERTIFICATE_H
#define OAC_CALIBRATION_CERTIFICATE_H

#include <stddef.h>

#include "base/digest.h"
#include "base/h5.h"
#include "base/status.h"

#define OAC_CERTIFICATE_TEXT_BYTES 96u

/* name, what it is */
#define OAC_CERTIFICATE_TEXTS(X)                 \
    X(verdict, "certified, or why not")          \
    X(model_name, "network")                     \
    X(model_sha256, "digest of its layers")      \
    X(dataset_name, "data set")                  \
    X(dataset_sha256, "digest of its images")    \
    X(rig_name, "bench")                         \
    X(rig_sha256, "digest of its complete text") \
    X(device_id, "what answered")                \
    X(firmware, "its firmware")                  \
    X(encoding, "sign encoding")                 \
    X(date_utc, "when, ISO 8601")

/* name, unit, what it is */
#define OAC_CERTIFICATE_REALS(X)                                                              \
    X(target, "1", "accuracy asked for")                                                      \
    X(confidence, "1", "of the whole calibration")                                            \
    X(alpha, "1", "share of 1 - confidence that the deciding attempt could spend")            \
    X(bound, "1", "lower bound of the accuracy at 1 - alpha")                                 \
    X(right, "images", "held-out images right")                                               \
    X(wrong, "images", "held-out images wrong")                                               \
    X(calibration_right, "images", "images of the calibration split right")                   \
    X(calibration_wrong, "images", "images of the calibration split wrong")                   \
    X(digital_accuracy, "1", "of the same network on the same calibration images, digitally") \
    X(repeats, "windows", "averaged per readout")                                             \
    X(detected_aj_per_mac, "aJ", "light detected per product of the model")                   \
    X(launched_aj_per_mac, "aJ", "light leaving the server per product of the model")         \
    X(latency_s, "s", "bench time of an image")                                               \
    X(tolerated, "1", "gains and levels may move by it all at once and the target still holds")

struct oac_certificate {
#define OAC_CERTIFICATE_TEXT(name, help) char name[OAC_CERTIFICATE_TEXT_BYTES];
    OAC_CERTIFICATE_TEXTS(OAC_CERTIFICATE_TEXT)
#undef OAC_CERTIFICATE_TEXT
#define OAC_CERTIFICATE_REAL(name, unit, help) double name;
    OAC_CERTIFICATE_REALS(OAC_CERTIFICATE_REAL)
#undef OAC_CERTIFICATE_REAL
};

/* put before the writer is committed sealed. get: OAC_ENOTFOUND when the file holds no certificate; every number
 * finite and in its range. */
enum oac_status oac_certificate_put(const struct oac_certificate *certificate,
                                    struct oac_h5_writer *writer,
                                    struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_certificate_get(const struct oac_h5_file *file,
                                    struct oac_certificate *certificate,
                                    struct oac_err *err) OAC_MUST_USE;

/* The bound that counts, prior and alpha give (calibration/certify.h). Pure. */
double oac_certificate_bound(const struct oac_certificate *certificate);

#endif
