/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/link_contract.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "hal/calrec.h"

#define WINDOWS    12
#define SLOTS_MOST 40
#define SENTINEL   -12345.0f

/* One opened link with a frame loaded and windows to play on it. */
struct bench {
    const char *name;
    bool varies;
    struct oac_link link;
    struct oac_err err;
    struct oac_workspace *workspace;
    size_t rows, slots;
    uint16_t null_code;
    uint32_t handle;
    uint16_t *dense; /* (WINDOWS, slots) */
    uint16_t *nz_slot, *nz_code;
    uint32_t nz_begin[WINDOWS + 1];
    uint64_t slot0[WINDOWS];
    float launch[WINDOWS];
};

#define OK(bench, call)                                                  \
    do {                                                                 \
        enum oac_status status_ = (call);                                \
        cr_assert(status_ == OAC_OK, "%s: %s: %s", (bench)->name, #call, \
                  (bench)->err.message);                                 \
    } while (0)

#define REFUSED(bench, expected, call, what)                                                 \
    do {                                                                                     \
        (bench)->err.message[0] = '\0';                                                      \
        enum oac_status status_ = (call);                                                    \
        cr_assert(status_ == (expected), "%s: %s must be refused with %s, not %s",           \
                  (bench)->name, what, oac_status_name(expected), oac_status_name(status_)); \
        cr_assert(strlen((bench)->err.message) > 10, "%s: %s is refused without a message",  \
                  (bench)->name, what);                                                      \
    } while (0)

static uint32_t random_word(uint64_t index, uint32_t sub)
{
    uint32_t words[4];
    oac_rng_words(7, OAC_RNG_TEST, index, sub, words);
    return words[0];
}

static uint16_t random_code(const struct oac_port *port, uint64_t index, uint32_t sub)
{
    uint32_t span = (uint32_t)(port->code_max - port->code_min) + 1;
    return (uint16_t)((uint32_t)port->code_min + random_word(index, sub) % span);
}

static uint16_t *random_weights(const struct bench *b, size_t rows, size_t slots, uint32_t sub)
{
    uint16_t *code = malloc(rows * slots * sizeof *code);
    for (size_t i = 0; i < rows * slots; i++)
        code[i] = random_code(&b->link.caps->weight[i / slots], i, sub);
    return code;
}

static uint32_t load(struct bench *b, size_t rows, size_t slots, bool differential,
                     uint32_t sub)
{
    uint16_t *code = random_weights(b, rows, slots, sub);
    const struct oac_weight_frame frame = {rows, slots, code, b->null_code, differential};
    uint32_t handle = 0;
    OK(b, oac_link_load(&b->link, &frame, &handle, &b->err));
    cr_assert(handle >= 1, "%s: handles start at 1", b->name);
    free(code);
    return handle;
}

/* A fifth of the operands differ from the null code; window 3 is all null. */
static void make_windows(struct bench *b)
{
    uint32_t entries = 0;
    for (uint32_t w = 0; w < WINDOWS; w++) {
        b->nz_begin[w] = entries;
        b->slot0[w] = 1000 + 977 * (uint64_t)w;
        b->launch[w] = b->link.caps->launch_per_window ? 0.25f + 0.0625f * (float)w : 1.0f;
        for (size_t n = 0; n < b->slots; n++) {
            uint16_t *code = &b->dense[w * b->slots + n];
            *code = b->null_code;
            if (w == 3 || random_word(n, 100 + w) % 5)
                continue;
            *code = random_code(b->link.caps->client, n, 200 + w);
            b->nz_slot[entries] = (uint16_t)n;
            b->nz_code[entries++] = *code;
        }
    }
    b->nz_begin[WINDOWS] = entries;
}

static struct bench open_bench(const struct oac_link_contract *contract)
{
    struct bench b = {.name = contract->name, .varies = contract->varies};
    OK(&b, contract->open(contract->context, &b.link, &b.err));
    const struct oac_link_caps *caps = b.link.caps;
    b.rows = caps->channels;
    b.slots = caps->slots_max < SLOTS_MOST ? caps->slots_max : SLOTS_MOST;
    b.null_code = (uint16_t)(caps->client->code_min +
                             (caps->client->code_max - caps->client->code_min) / 3);
    b.dense = malloc(WINDOWS * b.slots * sizeof *b.dense);
    b.nz_slot = malloc(WINDOWS * b.slots * sizeof *b.nz_slot);
    b.nz_code = malloc(WINDOWS * b.slots * sizeof *b.nz_code);
    make_windows(&b);
    b.workspace = oac_link_workspace_create(&b.link, &b.err);
    cr_assert(b.workspace, "%s: workspace: %s", b.name, b.err.message);
    b.handle = load(&b, b.rows, b.slots, false, 1);
    return b;
}

static void close_bench(struct bench *b)
{
    oac_link_workspace_destroy(&b->link, b->workspace);
    oac_link_close(&b->link);
    cr_assert(b->link.ops == NULL, "%s: a closed link is zeroed", b->name);
    free(b->dense);
    free(b->nz_slot);
    free(b->nz_code);
}

static struct oac_activation_frame dense_windows(const struct bench *b, size_t first,
                                                 size_t count)
{
    return (struct oac_activation_frame){
        .windows = count,
        .code = b->dense + first * b->slots,
        .slot0 = b->slot0 + first,
        .launch = b->launch + first,
    };
}

static struct oac_activation_frame sparse_windows(const struct bench *b, size_t first,
                                                  size_t count)
{
    return (struct oac_activation_frame){
        .windows = count,
        .nz_begin = b->nz_begin + first,
        .nz_slot = b->nz_slot,
        .nz_code = b->nz_code,
        .slot0 = b->slot0 + first,
        .launch = b->launch + first,
    };
}

/* Readouts of `count` windows; caller frees. photons may be NULL. */
static float *play(struct bench *b, uint32_t handle, size_t rows,
                   const struct oac_activation_frame *frame, double *photons)
{
    float *code = malloc(frame->windows * rows * sizeof *code);
    struct oac_readouts readouts = {.code = code, .photons = photons};
    OK(b, oac_link_play(&b->link, handle, b->workspace, frame, &readouts, &b->err));
    for (size_t i = 0; i < frame->windows * rows; i++)
        cr_assert(isfinite(code[i]), "%s: readout %zu is %g", b->name, i, (double)code[i]);
    return code;
}

static void check_port(const struct bench *b, const struct oac_port *port, const char *what)
{
    cr_assert(port->code_min >= 0 && port->code_max <= 65535 && port->code_min < port->code_max,
              "%s: %s codes %d..%d must be within 0..65535", b->name, what, (int)port->code_min,
              (int)port->code_max);
    cr_assert(port->code_safe >= port->code_min && port->code_safe <= port->code_max,
              "%s: the safe code of %s is playable", b->name, what);
    cr_assert(isfinite(port->v0_v) && isfinite(port->lsb_v) && port->lsb_v != 0.0,
              "%s: %s states its volts", b->name, what);
}

static void check_caps(struct bench *b)
{
    const struct oac_link_caps *caps = b->link.caps;
    cr_assert(caps->device_id && caps->firmware, "%s: names itself", b->name);
    cr_assert(caps->channels >= 1 && caps->slots_max >= 1 && caps->slot_s > 0.0,
              "%s: states its size", b->name);
    cr_assert(caps->conversions_per_readout >= 1, "%s: conversions per readout", b->name);
    cr_assert(!caps->launch_per_window || caps->launch_max > 0.0, "%s: launch_max", b->name);
    cr_assert(caps->quantum_efficiency > 0.0 && caps->quantum_efficiency <= 1.0,
              "%s: quantum efficiency", b->name);
    for (size_t k = 0; k < caps->channels; k++)
        check_port(b, &caps->weight[k], "weight");
    check_port(b, caps->client, "client");
    cr_assert(caps->nominal && caps->nominal->channels == caps->channels,
              "%s: has a nominal calibration of all channels", b->name);
    cr_assert(memcmp(caps->nominal->rig_hash, caps->rig_hash, 32) == 0,
              "%s: the nominal calibration is of this rig", b->name);
}

/* On benches whose readouts vary there is nothing to compare. */
static bool same_bits(const struct bench *b, const void *one, const void *other, size_t bytes)
{
    return b->varies || memcmp(one, other, bytes) == 0;
}

static void dense_and_sparse_give_the_same_bits(struct bench *b, uint32_t handle)
{
    const struct oac_activation_frame dense = dense_windows(b, 0, WINDOWS);
    const struct oac_activation_frame sparse = sparse_windows(b, 0, WINDOWS);
    double dense_photons[WINDOWS], sparse_photons[WINDOWS];
    float *one = play(b, handle, b->rows, &dense, dense_photons);
    float *other = play(b, handle, b->rows, &sparse, sparse_photons);
    cr_assert(same_bits(b, one, other, WINDOWS * b->rows * sizeof *one),
              "%s: dense and sparse windows give the same readouts", b->name);
    cr_assert(same_bits(b, dense_photons, sparse_photons, sizeof dense_photons),
              "%s: dense and sparse windows count the same photons", b->name);
    free(one);
    free(other);
}

static void windows_stand_alone(struct bench *b, bool sparse)
{
    const struct oac_activation_frame all =
        sparse ? sparse_windows(b, 0, WINDOWS) : dense_windows(b, 0, WINDOWS);
    float *together = play(b, b->handle, b->rows, &all, NULL);
    for (size_t i = 0; i < WINDOWS; i++) { /* alone, last first */
        size_t w = WINDOWS - 1 - i;
        const struct oac_activation_frame one =
            sparse ? sparse_windows(b, w, 1) : dense_windows(b, w, 1);
        float *alone = play(b, b->handle, b->rows, &one, NULL);
        cr_assert(same_bits(b, alone, together + w * b->rows, b->rows * sizeof *alone),
                  "%s: window %zu depends on the batch or the order it is played in", b->name,
                  w);
        free(alone);
    }
    const struct oac_activation_frame part =
        sparse ? sparse_windows(b, 5, 4) : dense_windows(b, 5, 4);
    float *four = play(b, b->handle, b->rows, &part, NULL);
    cr_assert(same_bits(b, four, together + 5 * b->rows, 4 * b->rows * sizeof *four),
              "%s: a part of a batch gives the same bits", b->name);
    free(four);
    free(together);
}

static void handles_are_independent(struct bench *b)
{
    const struct oac_activation_frame frame = dense_windows(b, 0, 4);
    float *before = play(b, b->handle, b->rows, &frame, NULL);
    enum { MANY = 40 };
    uint32_t handle[MANY];
    for (uint32_t i = 0; i < MANY; i++)
        handle[i] = load(b, 1 + i % b->rows, b->slots, false, 300 + i);
    for (uint32_t i = 0; i < MANY; i++)
        for (uint32_t j = 0; j < i; j++)
            cr_assert(handle[i] != handle[j] && handle[i] != b->handle, "%s: handles differ",
                      b->name);
    float *some = play(b, handle[7], 1 + 7 % b->rows, &frame, NULL);
    for (uint32_t i = 0; i < MANY; i += 2)
        OK(b, oac_link_unload(&b->link, handle[i], &b->err));
    float *after = play(b, b->handle, b->rows, &frame, NULL);
    float *again = play(b, handle[7], 1 + 7 % b->rows, &frame, NULL);
    cr_assert(same_bits(b, before, after, 4 * b->rows * sizeof *before),
              "%s: loading and unloading other frames changes nothing", b->name);
    cr_assert(same_bits(b, some, again, 4 * (1 + 7 % b->rows) * sizeof *some),
              "%s: unloading other frames changes nothing", b->name);
    float code[1] = {SENTINEL};
    struct oac_readouts readouts = {.code = code};
    REFUSED(b, OAC_ENOTFOUND,
            oac_link_play(&b->link, handle[2], b->workspace, &frame, &readouts, &b->err),
            "playing an unloaded frame");
    REFUSED(b, OAC_ENOTFOUND, oac_link_unload(&b->link, handle[2], &b->err), "unloading twice");
    REFUSED(b, OAC_ENOTFOUND, oac_link_unload(&b->link, 4000000, &b->err), "an unknown handle");
    cr_assert(code[0] == SENTINEL, "%s: a refused play writes nothing", b->name);
    for (uint32_t i = 1; i < MANY; i += 2)
        OK(b, oac_link_unload(&b->link, handle[i], &b->err));
    free(before);
    free(some);
    free(after);
    free(again);
}

static void refuse_play(struct bench *b, const struct oac_activation_frame *frame,
                        const char *what)
{
    float *code = malloc((WINDOWS + 1) * b->rows * sizeof *code);
    double photons[WINDOWS + 1];
    uint32_t saturated = 77;
    for (size_t i = 0; i < (WINDOWS + 1) * b->rows; i++)
        code[i] = SENTINEL;
    photons[0] = (double)SENTINEL;
    struct oac_readouts readouts = {.code = code, .photons = photons, .saturated = &saturated};
    REFUSED(b, OAC_EINVAL,
            oac_link_play(&b->link, b->handle, b->workspace, frame, &readouts, &b->err), what);
    for (size_t i = 0; i < (WINDOWS + 1) * b->rows; i++)
        cr_assert(code[i] == SENTINEL, "%s: %s leaves readouts untouched", b->name, what);
    cr_assert(photons[0] == (double)SENTINEL && saturated == 77,
              "%s: %s leaves counts untouched", b->name, what);
    free(code);
}

static void bad_windows_are_refused(struct bench *b)
{
    struct oac_activation_frame frame = dense_windows(b, 0, WINDOWS);
    frame.slot0 = NULL;
    refuse_play(b, &frame, "a frame without slot0");
    frame = dense_windows(b, 0, WINDOWS);
    frame.code = NULL;
    refuse_play(b, &frame, "a frame without codes");
    frame = sparse_windows(b, 0, WINDOWS);
    frame.nz_code = NULL;
    refuse_play(b, &frame, "a sparse frame without codes");
    frame = sparse_windows(b, 0, WINDOWS);
    frame.code = b->dense;
    refuse_play(b, &frame, "a frame that is dense and sparse");
    const float bad_launch[] = {NAN, INFINITY, -0.5f, (float)b->link.caps->launch_max * 1.01f};
    for (size_t i = 0; i < 4; i++) {
        frame = dense_windows(b, 0, WINDOWS);
        float was = b->launch[5];
        b->launch[5] = bad_launch[i];
        refuse_play(b, &frame, "an impossible launch power");
        b->launch[5] = was;
    }
}

static void bad_entries_are_refused(struct bench *b)
{
    const struct oac_activation_frame frame = sparse_windows(b, 0, WINDOWS);
    uint32_t at = b->nz_begin[4];
    cr_assert(b->nz_begin[5] - at >= 2, "%s: window 4 needs two entries", b->name);
    uint16_t first = b->nz_slot[at], second = b->nz_slot[at + 1];
    b->nz_slot[at] = second;
    refuse_play(b, &frame, "a slot listed twice");
    b->nz_slot[at + 1] = first;
    refuse_play(b, &frame, "slots that descend");
    b->nz_slot[at] = first;
    b->nz_slot[at + 1] = (uint16_t)b->slots;
    refuse_play(b, &frame, "a slot beyond the frame");
    b->nz_slot[at + 1] = second;
    uint32_t was = b->nz_begin[6];
    b->nz_begin[6] = b->nz_begin[7] + 1;
    refuse_play(b, &frame, "windows whose entries go back");
    b->nz_begin[6] = was;
}

static void codes_beyond_the_port_are_refused(struct bench *b)
{
    const struct oac_port *port = b->link.caps->client;
    if (port->code_max < 65535) {
        const struct oac_activation_frame dense = dense_windows(b, 0, WINDOWS);
        uint16_t was = b->dense[WINDOWS * b->slots - 1];
        b->dense[WINDOWS * b->slots - 1] = (uint16_t)(port->code_max + 1);
        refuse_play(b, &dense, "a client code beyond the port");
        b->dense[WINDOWS * b->slots - 1] = was;
        const struct oac_activation_frame sparse = sparse_windows(b, 0, WINDOWS);
        was = b->nz_code[1];
        b->nz_code[1] = (uint16_t)(port->code_max + 1);
        refuse_play(b, &sparse, "a listed client code beyond the port");
        b->nz_code[1] = was;
    }
    uint16_t *code = random_weights(b, b->rows, b->slots, 1);
    struct oac_weight_frame frame = {b->rows, b->slots, code, b->null_code, false};
    uint32_t handle = 99;
    port = &b->link.caps->weight[b->rows - 1];
    if (port->code_max < 65535) {
        code[b->rows * b->slots - 1] = (uint16_t)(port->code_max + 1);
        REFUSED(b, OAC_EINVAL, oac_link_load(&b->link, &frame, &handle, &b->err),
                "a weight code beyond the port");
    }
    frame.code = NULL;
    REFUSED(b, OAC_EINVAL, oac_link_load(&b->link, &frame, &handle, &b->err),
            "no weight codes");
    frame.code = code;
    frame.rows = b->link.caps->channels + 1;
    REFUSED(b, OAC_EINVAL, oac_link_load(&b->link, &frame, &handle, &b->err), "too many rows");
    frame.rows = 0;
    REFUSED(b, OAC_EINVAL, oac_link_load(&b->link, &frame, &handle, &b->err), "no rows");
    frame.rows = 1;
    frame.slots = b->link.caps->slots_max + 1;
    REFUSED(b, OAC_EINVAL, oac_link_load(&b->link, &frame, &handle, &b->err), "too many slots");
    cr_assert(handle == 99, "%s: a refused load leaves the handle untouched", b->name);
    free(code);
}

static void settings_keep_their_ranges(struct bench *b)
{
    for (int s = 0; s < OAC_SETTINGS; s++) {
        const enum oac_setting setting = (enum oac_setting)s;
        const struct oac_range *range = &b->link.caps->settings[s];
        const char *name = oac_setting_name(setting);
        double value = 0.0, was, readback = 0.0;
        if (range->max < range->min) {
            REFUSED(b, OAC_EUNSUPPORTED,
                    oac_link_set(&b->link, setting, 0, 0.0, &readback, &b->err), name);
            continue;
        }
        OK(b, oac_link_get(&b->link, setting, 0, &was, &b->err));
        const double bad[] = {NAN, range->max + fabs(range->max) * 0.01 + 1e-12, -INFINITY};
        for (size_t i = 0; i < 3; i++)
            REFUSED(b, OAC_EINVAL,
                    oac_link_set(&b->link, setting, 0, bad[i], &readback, &b->err), name);
        REFUSED(b, OAC_EINVAL,
                oac_link_set(&b->link, setting, b->link.caps->channels, range->min, &readback,
                             &b->err),
                "a channel that does not exist");
        OK(b, oac_link_get(&b->link, setting, 0, &value, &b->err));
        cr_assert(value == was, "%s: a refused %s changes nothing", b->name, name);
        double wanted = range->min + 0.3 * (range->max - range->min);
        OK(b, oac_link_set(&b->link, setting, 0, wanted, &readback, &b->err));
        OK(b, oac_link_get(&b->link, setting, 0, &value, &b->err));
        cr_assert(value == readback, "%s: %s reads back what set said", b->name, name);
        cr_assert(fabs(readback - wanted) <= 0.5 * range->step * (1.0 + 1e-9) + 1e-15,
                  "%s: %s = %g is set to %g, more than half a step off", b->name, name, wanted,
                  readback);
        OK(b, oac_link_set(&b->link, setting, 0, fmin(fmax(was, range->min), range->max), NULL,
                           &b->err));
    }
    REFUSED(b, OAC_EINVAL, oac_link_set(&b->link, OAC_SETTINGS, 0, 0.0, NULL, &b->err),
            "a setting that does not exist");
}

static void account_counts_windows(struct bench *b)
{
    struct oac_account before, after;
    const struct oac_activation_frame frame = dense_windows(b, 0, 5);
    double photons[5], sum = 0.0;
    oac_link_account(&b->link, &before);
    free(play(b, b->handle, b->rows, &frame, photons));
    oac_link_account(&b->link, &after);
    cr_assert(after.windows == before.windows + 5, "%s: the account counts windows", b->name);
    uint64_t slots = 5 * (b->slots + b->link.caps->guard_slots);
    cr_assert(after.slots == before.slots + slots,
              "%s: the account counts slots and guards: %llu, not %llu", b->name,
              (unsigned long long)(after.slots - before.slots), (unsigned long long)slots);
    if (!b->link.caps->knows_photons)
        return;
    for (size_t w = 0; w < 5; w++)
        sum += photons[w];
    cr_assert(fabs(after.detected_photons - before.detected_photons - sum) <= 1e-6 * sum + 1e-9,
              "%s: the account sums the photons of its windows", b->name);
}

/* Float readouts: 1e-5 of the largest swing is 100 roundings. A counter may lose counts to its dead time, and
 * more of them in more light: the half never falls below the half of the whole, nor 10 % above it. */
static void light_is_linear_in_launch(struct bench *b, uint32_t handle)
{
    static const float levels[] = {0.0f, 0.5f, 1.0f};
    float *code[3];
    double photons[3][WINDOWS], largest = 0.0;
    for (size_t i = 0; i < 3; i++) {
        for (size_t w = 0; w < WINDOWS; w++)
            b->launch[w] = levels[i];
        const struct oac_activation_frame frame = dense_windows(b, 0, WINDOWS);
        code[i] = play(b, handle, b->rows, &frame, photons[i]);
    }
    for (size_t i = 0; i < WINDOWS * b->rows; i++)
        largest = fmax(largest, fabs((double)code[2][i]));
    for (size_t i = 0; i < WINDOWS * b->rows; i++) {
        double half = (double)code[1][i] - (double)code[0][i];
        double full = (double)code[2][i] - (double)code[0][i];
        double lost = b->link.caps->receiver == OAC_COUNTING ? 0.1 * fabs(half) : 0.0;
        double excess = half - 0.5 * full;
        cr_assert(excess >= -1e-5 * largest && excess <= 1e-5 * largest + lost,
                  "%s: readout %zu: half the light gives %g codes, all of it %g", b->name, i,
                  half, full);
    }
    for (size_t w = 0; b->link.caps->knows_photons && w < WINDOWS; w++)
        cr_assert(fabs(photons[1][w] - 0.5 * photons[2][w]) <= 1e-5 * photons[2][w] &&
                      photons[0][w] == 0.0 && photons[2][w] > 0.0,
                  "%s: photons are proportional to the light", b->name);
    for (size_t i = 0; i < 3; i++)
        free(code[i]);
    make_windows(b);
}

static void light_figures_are_real(struct bench *b)
{
    struct oac_frame_light light;
    OK(b, oac_link_light(&b->link, b->handle, &light, &b->err));
    cr_assert(b->varies || (light.launched_j > 0.0 && light.client_in_j > 0.0 &&
                            (light.photons_preweight > 0.0 || isnan(light.photons_preweight))),
              "%s: a loaded frame launches light", b->name);
    REFUSED(b, OAC_ENOTFOUND, oac_link_light(&b->link, 4000000, &light, &b->err),
            "the light of an unknown frame");
}

static void pairs_follow_the_same_rules(struct bench *b, bool linear)
{
    uint16_t code[1] = {(uint16_t)b->link.caps->weight[0].code_min};
    const struct oac_weight_frame frame = {1, 1, code, b->null_code, true};
    uint32_t handle;
    if (!b->link.caps->differential) {
        REFUSED(b, OAC_EUNSUPPORTED, oac_link_load(&b->link, &frame, &handle, &b->err),
                "a differential frame without pairs");
        return;
    }
    handle = load(b, b->rows, b->slots, true, 2);
    dense_and_sparse_give_the_same_bits(b, handle);
    if (linear && b->link.caps->launch_per_window)
        light_is_linear_in_launch(b, handle);
    OK(b, oac_link_unload(&b->link, handle, &b->err));
}

void oac_link_contract_run(const struct oac_link_contract *contract)
{
    struct bench b = open_bench(contract);
    check_caps(&b);
    dense_and_sparse_give_the_same_bits(&b, b.handle);
    windows_stand_alone(&b, false);
    windows_stand_alone(&b, true);
    handles_are_independent(&b);
    bad_windows_are_refused(&b);
    bad_entries_are_refused(&b);
    codes_beyond_the_port_are_refused(&b);
    account_counts_windows(&b);
    light_figures_are_real(&b);
    if (contract->linear && b.link.caps->launch_per_window)
        light_is_linear_in_launch(&b, b.handle);
    pairs_follow_the_same_rules(&b, contract->linear);
    settings_keep_their_ranges(&b);
    OK(&b, oac_link_safe(&b.link, &b.err));
    OK(&b, oac_link_safe(&b.link, &b.err));
    close_bench(&b);
    oac_link_close(&b.link); /* a zeroed link */
}
