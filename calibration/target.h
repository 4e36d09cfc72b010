/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target loop: from a measured bench to "this network is right at least so often on it", or why not.
 *
 *     attempt j:  the step's change -> right answers on the calibration split -> is the target in reach?
 *                 -> fresh held-out images, until certified, in vain, or used up -> the next, dearer step
 * Steps come in the order of what they cost. Attempt j may spend oac_certify_share(alpha, j), every held-out image
 * is used once, and images of the calibration split never enter a certificate, so that the chance of certifying a
 * bench below the target is at most alpha over all attempts and looks together (calibration/certify.h).
 * An attempt is given up before it costs held-out images when the calibration split refutes the target, or
 * when the images that are left would not certify its accuracy; after the last step what is left is used anyway.
 * It never touches a bench itself: what classifies and what changes is handed in. */
#ifndef OAC_CALIBRATION_TARGET_H
#define OAC_CALIBRATION_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "base/status.h"
#include "calibration/certify.h"

/* In the order of their costs. */
#define OAC_TARGET_STEP_LIST(X)                                                        \
    X(OAC_STEP_NONE, "none", "as measured")                                            \
    X(OAC_STEP_RECALIBRATE, "recalibrate", "channels that drifted are measured again") \
    X(OAC_STEP_AVERAGE, "average", "every readout is averaged over more windows")      \
    X(OAC_STEP_LIGHT, "light", "more light, within the limits")                        \
    X(OAC_STEP_REMAP, "remap", "bad channels are left out")

enum oac_target_step {
#define OAC_TARGET_STEP_ENUM(name, word, text) name,
    OAC_TARGET_STEP_LIST(OAC_TARGET_STEP_ENUM)
#undef OAC_TARGET_STEP_ENUM
        OAC_TARGET_STEPS
};
extern const char *const oac_target_step_names[]; /* "none", "recalibrate", ..., NULL */
const char *oac_target_step_text(enum oac_target_step step);

#define OAC_TARGET_ATTEMPTS_MAX 16u
#define OAC_TARGET_DETAIL_BYTES 160u

enum oac_target_verdict { /* of an attempt, and of the whole */
                          OAC_TARGET_CERTIFIED,
                          OAC_TARGET_REFUTED, /* the accuracy is below the target */
                          OAC_TARGET_OUT_OF_REACH, /* at or above the target, too near to it for the images left */
                          OAC_TARGET_OUT_OF_IMAGES, /* held-out images used up before a decision */
                          OAC_TARGET_OUT_OF_TIME
};
extern const char *const oac_target_verdict_names[]; /* "certified", "refuted", ..., NULL */

struct oac_target_cost { /* since the bench was opened; NAN where it cannot know */
    double seconds;      /* of wall time */
    double bench_s, launched_j, detected_photons;
};

struct oac_target_bench { /* what the loop works on; all REQUIRED */
    void *context;
    /* *right of images first .. first+count-1 of the held-out (or the calibration) split. */
    enum oac_status (*classify)(void *context, bool held_out, size_t first, size_t count,
                                size_t *right, struct oac_err *err);
    /* Takes the step once more, if it can go further: *changed, and in words what it did. */
    enum oac_status (*change)(void *context, enum oac_target_step step, bool *changed,
                              char detail[OAC_TARGET_DETAIL_BYTES], struct oac_err *err);
    void (*cost)(void *context, struct oac_target_cost *cost);
};

struct oac_target_options {
    double target;     /* accuracy, 0 < A < 1 */
    double confidence; /* 1 - alpha, 0 < c < 1 */
    double max_s;      /* wall time; INFINITY: none */
    size_t calibration_images, held_out_images,
        look_images; /* look: images between two looks */
};

struct oac_target_attempt {
    enum oac_target_step step;
    char detail[OAC_TARGET_DETAIL_BYTES];
    struct oac_certify_count calibration, held_out;
    double alpha; /* its share */
    double bound; /* lower, at 1 - alpha; 0 without held-out images */
    size_t
        expected_images; /* told before the first held-out one; held_out_images left + 1: too many */
    struct oac_target_cost cost; /* of this attempt alone */
    enum oac_target_verdict verdict;
};

struct oac_target_result {
    enum oac_target_verdict verdict;
    size_t attempts;
    struct oac_target_attempt attempt[OAC_TARGET_ATTEMPTS_MAX];
    size_t best; /* attempt of the largest accuracy on the calibration split */
    size_t held_out_used;
};

/* Status: OAC_OK with any verdict; what the bench's functions return when one fails; OAC_EINTERRUPTED.
 * *result tells what has been done so far after a failure too. */
enum oac_status oac_target_run(const struct oac_target_bench *bench,
                               const struct oac_target_options *options,
                               const struct oac_sink *sink, struct oac_target_result *result,
                               struct oac_err *err) OAC_MUST_USE;

#endif
