/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Before anything else: how far apart are weights and data, to a fraction of a window? A window is cut off
 * by as many slots as they miss each other; of one that a few strong slots fill, little or nothing would be
 * left to measure by.
 *
 * No curve is known yet, so what counts is what only both codes together do. With N slots of weight code w,
 * N slots of client code c that begin p later, and safe codes before and after,
 *     y(c,w) = (what depends on c) + (what depends on w) + overlap(p) (Tx(c) - Tx(safe)) (Tw(w) - Tw(safe))
 *     overlap = N - |p - late|
 * the interaction that is left of the table y(c,w) when the means of its rows and columns are taken off is
 * proportional to the overlap, whatever the peaks, the safe codes and crosstalk. Its root mean square over
 * codes, added over the readouts, is the height A(p) of a triangle; from its highest p and the neighbours at
 * +-h
 *     late = p + (N - h) (A(p+h) - A(p-h)) / (A(p+h) + A(p-h))
 * with a standard error of at most 2 (N - h) sigma_A / (A(p+h) + A(p-h)). The delay step finds what is left to a
 * fraction of a slot. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "calibration/steps.h"

#define CODES   5
#define REPEATS 2
#define PAIRS   (CODES * CODES)
#define DOF     ((CODES - 1) * (CODES - 1))
/* The setting is moved when windows lose more than that part of themselves; the delay step does the rest. */
#define PART_LOST   0.125
#define SIGNIFICANT 5.0
#define CONTRAST    0.25
#define CERTAIN     3.0

struct aligner {
    size_t open, step, places; /* N and h [slots], positions */
    size_t slots;              /* of a window with its margins */
    size_t channels, windows;  /* windows of one frame: (places, CODES, REPEATS) */
    uint16_t *weight, *client; /* (channels, slots), (windows, slots) */
    double *code;              /* (windows, channels) */
    double *mean;              /* (places, channels, CODES client, CODES weight) */
    uint32_t *saturated;       /* (channels) readouts */
    double *noise;             /* (channels) sum of squared differences of repeats */
};

static enum oac_status aligner_init(struct aligner *a, size_t open, size_t channels,
                                    struct oac_err *err)
{
    *a = (struct aligner){.open = open, .channels = channels};
    a->step = open / 2 ? open / 2 : 1;
    /* one position beyond the reach on either side, for the neighbours */
    const size_t side = (OAC_STEP_REACH + a->step - 1) / a->step + 1;
    a->places = 2 * side + 1;
    a->slots = open + 2 * side * a->step;
    a->windows = a->places * CODES * REPEATS;
    a->weight = oac_alloc(channels * a->slots, sizeof *a->weight, "codes", err);
    a->client = oac_alloc(a->windows * a->slots, sizeof *a->client, "codes", err);
    a->code = oac_alloc(a->windows * channels, sizeof *a->code, "readouts", err);
    a->mean = oac_alloc(a->places * channels * PAIRS, sizeof *a->mean, "readouts", err);
    a->noise = oac_alloc(channels, sizeof *a->noise, "readouts", err);
    a->saturated = oac_alloc(channels, sizeof *a->saturated, "readouts", err);
    return a->weight && a->client && a->code && a->mean && a->noise && a->saturated
               ? OAC_OK
               : OAC_ENOMEM;
}

static void aligner_fini(struct aligner *a)
{
    free(a->weight);
    free(a->client);
    free(a->code);
    free(a->mean);
    free(a->noise);
    free(a->saturated);
}

static uint16_t spread_code(const struct oac_port *port, size_t i)
{
    const double part = (double)(i % CODES) / (CODES - 1);
    return (uint16_t)(port->code_min +
                      (int32_t)(part * (double)(port->code_max - port->code_min)));
}

/* `open` slots of a code from slot `from` on, the safe code around them. */
static void fill(uint16_t *row, size_t slots, size_t from, size_t open,
                 const struct oac_port *port, uint16_t code)
{
    for (size_t n = 0; n < slots; n++)
        row[n] = n >= from && n < from + open ? code : (uint16_t)port->code_safe;
}

static enum oac_status play_weight(struct aligner *a, struct oac_measure *measure, size_t w,
                                   struct oac_err *err)
{
    const struct oac_link_caps *caps = measure->link->caps;
    const size_t channels = a->channels;
    for (size_t k = 0; k < channels; k++)
        fill(a->weight + k * a->slots, a->slots, a->places / 2 * a->step, a->open,
             &caps->weight[k], spread_code(&caps->weight[k], w + k));
    for (size_t b = 0; b < a->windows; b++)
        fill(a->client + b * a->slots, a->slots, b / (CODES * REPEATS) * a->step, a->open,
             caps->client, spread_code(caps->client, b / REPEATS));
    if (oac_measure_play(measure, a->slots, a->weight, a->windows, a->client, a->code,
                         a->saturated, err))
        return err->status;
    for (size_t b = 0; b < a->windows; b += REPEATS)
        for (size_t k = 0; k < channels; k++) {
            const double one = a->code[b * channels + k], two = a->code[(b + 1) * channels + k];
            const size_t place = b / (CODES * REPEATS), c = b / REPEATS % CODES;
            a->mean[((place * channels + k) * CODES + c) * CODES + w] = 0.5 * (one + two);
            a->noise[k] += (one - two) * (one - two);
        }
    return OAC_OK;
}

/* Sum of squares of the interaction of a table (CODES, CODES). */
static double interaction(const double *y)
{
    double row[CODES] = {0.0}, column[CODES] = {0.0}, mean = 0.0, sum = 0.0;
    for (size_t i = 0; i < PAIRS; i++) {
        row[i / CODES] += y[i] / CODES;
        column[i % CODES] += y[i] / CODES;
        mean += y[i] / PAIRS;
    }
    for (size_t i = 0; i < PAIRS; i++)
        sum += pow(y[i] - row[i / CODES] - column[i % CODES] + mean, 2.0);
    return sum;
}

/* A(p), its standard error where it is well above noise, and whether noise alone would not be as high. */
static double height(const struct aligner *a, size_t place, double *sigma, bool *significant)
{
    double sum = 0.0, square = 0.0, noise = 0.0;
    for (size_t k = 0; k < a->channels; k++) {
        if (a->saturated[k])
            continue;
        /* of a mean of two: half the variance, which is half the mean square of their differences */
        const double variance = 0.25 * a->noise[k] / (double)(a->places * PAIRS);
        const double found = interaction(a->mean + (place * a->channels + k) * PAIRS);
        sum += sqrt(fmax(0.0, found - DOF * variance));
        square += found;
        noise += DOF * variance;
    }
    *sigma = sqrt(noise / DOF);
    *significant = square > noise * (1.0 + SIGNIFICANT * sqrt(2.0 / DOF));
    return sum;
}

/* False when no position stands out of the noise, and of what is the same everywhere. *sigma_slots is 0 at the
 * ends, which have no neighbours on both sides. */
static bool find_late(const struct aligner *a, double *late_slots, double *sigma_slots)
{
    bool stands_out = false, significant;
    size_t best = 0;
    double most = -1.0, least = HUGE_VAL, sigma;
    for (size_t place = 0; place < a->places; place++) {
        const double here = height(a, place, &sigma, &significant);
        least = fmin(least, here);
        if (here > most) {
            most = here;
            best = place;
            stands_out = significant;
        }
    }
    const size_t middle = a->places / 2;
    *sigma_slots = 0.0;
    *late_slots = ((double)best - (double)middle) * (double)a->step;
    if (best > 0 && best + 1 < a->places) {
        const double before = height(a, best - 1, &sigma, &significant) - least;
        const double after = height(a, best + 1, &sigma, &significant) - least;
        const double reach = (double)(a->open - a->step);
        if (before + after > 0.0) {
            *late_slots += reach * (after - before) / (before + after);
            *sigma_slots = 2.0 * reach * sigma / (before + after);
        }
    }
    return stands_out && most - least > CONTRAST * most;
}

/* Twice the nominal light fits, as in first light. */
static size_t nominal_slots(const struct oac_measure *measure,
                            struct oac_calibration *calibration)
{
    for (size_t k = 0; k < calibration->channels; k++)
        calibration->channel[k].open_code = measure->link->caps->nominal->channel[k].gain_code;
    return oac_step_slots(measure, calibration, 0.4);
}

/* *late_slots from windows of so many slots. A readout that clips, as safe codes may be wide open, says
 * nothing of an interaction: *found is false when all do, or when none sees a position stand out. */
static enum oac_status look(struct oac_measure *measure, size_t open, bool *clipped,
                            bool *found, double *late_slots, double *sigma_slots,
                            struct oac_err *err)
{
    const uint64_t saturated = measure->saturated;
    struct aligner a;
    enum oac_status status = aligner_init(&a, open, measure->channels, err);
    *clipped = *found = false;
    *late_slots = *sigma_slots = 0.0;
    if (status == OAC_OK && a.slots <= measure->link->caps->slots_max) {
        for (size_t w = 0; status == OAC_OK && w < CODES; w++)
            status = play_weight(&a, measure, w, err);
        for (size_t k = 0; k < a.channels; k++)
            *clipped = *clipped || a.saturated[k];
        *found = status == OAC_OK && find_late(&a, late_slots, sigma_slots);
    }
    measure->saturated = saturated;
    aligner_fini(&a);
    return status;
}

enum oac_status oac_step_align(struct oac_measure *measure,
                               const struct oac_calibrate_options *options,
                               struct oac_calibration *calibration, struct oac_err *err)
{
    const size_t nominal = nominal_slots(measure, calibration);
    bool found = false, clipped = true;
    double late_slots = 0.0, sigma_slots = 0.0;
    /* Held codes must pass, there must be something to set, and windows so long lose little. */
    if (measure->link->caps->client->ac_coupled || options->spare_settings ||
        !oac_measure_has(measure, OAC_SKEW_S) || PART_LOST * (double)nominal > OAC_STEP_REACH)
        return OAC_OK;
    /* Those that clip have the most light, and to hear: shorter, until none does or those that do stay deaf. */
    for (size_t open = nominal; clipped && open >= (nominal + 7) / 8; open /= 2)
        if (look(measure, open, &clipped, &found, &late_slots, &sigma_slots, err))
            return err->status;
    if (!found || !(fabs(late_slots) > PART_LOST * (double)nominal + CERTAIN * sigma_slots))
        return OAC_OK;
    calibration->aligned_slots = late_slots;
    return oac_step_skew(measure, calibration, late_slots, err);
}
