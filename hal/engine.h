/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The matrix engine: y = W x for any real matrix, on whatever link there is.
 *
 * Scales W and x into what modulators can encode, splits signs (encoding), tiles rows onto the channels
 * there are, converts to codes by the calibration record, plays, averages repeats, and decodes. Decoding
 * needs only the frame headers (server side: sums of the played weight transmissions), the client's own x
 * and the calibration record: the client half holds no weights.
 *
 * Encodings (x >= 0 / x signed):
 *   rails     W = W+ - W-, x = x+ - x-: 2 / 4 passes, combined digitally
 *   offset    w and x mapped affinely to [0,1]: 1 / 1 pass, digital corrections
 *   balanced  the weight modulator's two outputs carry (1+w)/2 and (1-w)/2 into a detector pair: 1 / 2
 * Scales are constants given at load, never taken from the batch at hand.
 *
 * Schedule (image-major): slot0 = base + image * slots_per_image + offset(matrix, tile, pass, repeat), so
 * image 731 can be re-run alone. With `track`, reference windows come between images (hal/schedule.h) and
 * say how far the readouts have drifted since the calibration (hal/reference.h).
 *
 * Of a measured record all of it applies: its settings, the curves of each channel, linearity, crosstalk, and
 * the rows of excluded channels go to the others (hal/correction.h). What is nominal costs nothing. */
#ifndef OAC_HAL_ENGINE_H
#define OAC_HAL_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "hal/calrec.h"
#include "hal/link.h"

enum oac_encoding { OAC_RAILS, OAC_OFFSET, OAC_BALANCED };
extern const char *const oac_encoding_names[]; /* "rails", "offset", "balanced", NULL */

struct oac_engine_options {
    enum oac_encoding encoding;
    uint32_t repeats;     /* windows averaged per readout, >= 1 */
    uint64_t slot_base;   /* bench slot of image 0, or of its references */
    bool track;           /* correct drift by reference windows */
    uint32_t track_every; /* images between them; 0: OAC_TRACK_EVERY */
    uint32_t track_span;  /* groups of images averaged; 0: OAC_TRACK_SPAN */
    bool force; /* take a record made for another rig, device, firmware or slot rate */
};

/* References of 16 images weigh little beside their windows; 8 of them quiet their noise threefold, and 128
 * images are soon against any drift that a calibration outlasts. */
#define OAC_TRACK_EVERY 16u
#define OAC_TRACK_SPAN  8u

struct oac_engine; /* a link, a calibration record and the matrices loaded through them */
struct oac_matrix; /* one loaded W; owned by the engine */
struct oac_engine_scratch; /* one thread's buffers for oac_matrix_multiply */

/* calrec NULL: the link's nominal record. Both must outlive the engine. Applies the record's settings to the
 * link. Status: OAC_EMISMATCH for a record of another bench, unless forced. */
enum oac_status oac_engine_create(struct oac_link *link, const struct oac_calrec *calrec,
                                  const struct oac_engine_options *options,
                                  struct oac_engine **engine, struct oac_err *err) OAC_MUST_USE;
void oac_engine_destroy(struct oac_engine *engine); /* unloads every matrix; NULL is fine */

struct oac_matrix_spec {
    size_t rows, cols;
    const float *w; /* (rows, cols), finite */
    double w_min,
        w_max; /* range the modulators must carry; weights outside are clipped and counted */
    double x_min, x_max; /* range of the operand; x_min < 0 means signed x. x_max > x_min */
    const char *name;    /* for messages: "layer 1" */
};

/* Loads W as one frame per tile and sign of w; columns beyond the link's slots are cut and summed. Load
 * all matrices before making scratch buffers: the schedule is fixed by what has been loaded. */
enum oac_status oac_engine_load(struct oac_engine *engine, const struct oac_matrix_spec *spec,
                                struct oac_matrix **matrix, struct oac_err *err) OAC_MUST_USE;

enum oac_status oac_engine_scratch_create(struct oac_engine *engine, size_t batch_max,
                                          struct oac_engine_scratch **scratch,
                                          struct oac_err *err) OAC_MUST_USE;
void oac_engine_scratch_destroy(struct oac_engine_scratch *scratch); /* NULL is fine */

struct oac_multiply_tally {    /* added to, never reset; untouched by a call that fails */
    uint64_t clipped_operands; /* x outside [x_min, x_max] */
    uint64_t clipped_readouts; /* saturated ADC or integrator */
};

/* y (batch, rows) = W x, for x (batch, cols) belonging to images image0 .. image0+batch-1: the product of
 * what was played, x and W rounded to the converters' codes. Operands that are bytes (pixels) may be given as
 * such, without x: bytes (batch, cols) stand for x = byte_scale byte and give the same bits, sooner. launch
 * (batch; NULL: 1) is the relative optical power of each image, above 0; x_scale (batch; NULL: 1) multiplies
 * x_min and x_max per image (reference row 4 only). photons (batch; NULL: not wanted) receives the detected
 * photons of all windows of each image. Operands that are not finite are OAC_EINVAL. y and photons are
 * undefined after a failure. Any batch size: longer ones than the scratch's are cut. Thread-safe when the link
 * allows concurrent play. */
struct oac_multiply {
    uint64_t image0;
    size_t batch;
    const float *x;
    const uint8_t *bytes;
    float byte_scale;
    const float *launch, *x_scale;
    float *y;
    double *photons;
    struct oac_multiply_tally *tally;
};
enum oac_status oac_matrix_multiply(const struct oac_matrix *matrix,
                                    struct oac_engine_scratch *scratch,
                                    const struct oac_multiply *call,
                                    struct oac_err *err) OAC_MUST_USE;

/* Figures of a matrix for budgets: all per image at launch 1. */
struct oac_matrix_light {
    uint64_t optical_macs; /* slots x rows over all passes and repeats, without tile padding */
    uint64_t slots, windows; /* bench slots incl. guards; windows */
    double launched_j, client_in_j;
    double
        detected_photons; /* at the mean operand x_mean (cols) given; rows share a frame's light in
                                   proportion to their calibrated gains */
    double
        preweight_photons; /* the same if every weight transmission were 1 (one detector of a pair) */
};
/* x_mean (cols): mean operand over a reference split. Signed x: the light of the mean, which is less than
 * the mean light. */
enum oac_status oac_matrix_light(const struct oac_matrix *matrix, const float *x_mean,
                                 struct oac_matrix_light *light,
                                 struct oac_err *err) OAC_MUST_USE;

uint64_t oac_engine_slots_per_image(const struct oac_engine *engine); /* without references */

struct oac_reference_cost { /* per image; zeros when nothing is tracked */
    double slots, windows, launched_j, client_in_j;
};
enum oac_status oac_engine_reference_cost(const struct oac_engine *engine,
                                          struct oac_reference_cost *cost,
                                          struct oac_err *err) OAC_MUST_USE;
/* The record in use, and whether it had to be forced upon this bench. */
const struct oac_calrec *oac_engine_calrec(const struct oac_engine *engine);
bool oac_engine_forced(const struct oac_engine *engine);
uint64_t oac_engine_clipped_weights(const struct oac_engine *engine);
const struct oac_link_caps *oac_engine_caps(const struct oac_engine *engine);

#endif
