/* SPDX-License-Identifier: GPL-3.0-or-later */
/* On a link that obeys the readout equation exactly, the engine must return the product exactly. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "hal/engine.h"
#include "tests/support/exact_link.h"

#define BATCH 6

static double uniform(uint64_t index, uint32_t sub)
{
    return oac_rng_uniform(11, OAC_RNG_TEST, index, sub);
}

struct setup {
    struct oac_exact_options link;
    struct oac_engine_options engine;
    size_t rows, cols;
    bool x_signed;
    double w_scale, w_min, x_scale; /* w_min: offset only */
};

/* A link, an engine, one matrix of playable weights and a batch of playable operands. */
struct rig {
    struct setup setup;
    struct oac_link link;
    struct oac_engine *engine;
    struct oac_matrix *matrix;
    struct oac_engine_scratch *scratch;
    struct oac_err err;
    float *w, *x, *y;
};

#define OK(rig, call)                                                      \
    do {                                                                   \
        enum oac_status status_ = (call);                                  \
        cr_assert(status_ == OAC_OK, "%s: %s", #call, (rig)->err.message); \
    } while (0)

/* The opening of a random code of a port that is on its curve's rising or falling half period. */
static double random_opening(const struct oac_port *port, const struct oac_curve *curve,
                             uint64_t index, uint32_t sub)
{
    double part = 0.08 + 0.84 * uniform(index, sub); /* inside the half period */
    return oac_exact_opening(port, curve, (uint16_t)(part * port->code_max));
}

static void fill_weights(struct rig *rig)
{
    const struct setup *s = &rig->setup;
    const struct oac_link_caps *caps = rig->link.caps;
    for (size_t i = 0; i < s->rows * s->cols; i++) {
        size_t k = i / s->cols % caps->channels;
        double u = random_opening(&caps->weight[k], &caps->nominal->channel[k].weight, i, 1);
        double w = s->w_scale * u;
        if (s->engine.encoding == OAC_RAILS && i % 3 == 0)
            w = -w;
        if (s->engine.encoding == OAC_RAILS && i % 7 == 0)
            w = 0.0;
        if (s->engine.encoding == OAC_OFFSET)
            w += s->w_min;
        if (s->engine.encoding == OAC_BALANCED)
            w = s->w_scale * (2.0 * u - 1.0);
        rig->w[i] = (float)w;
    }
}

static void fill_operands(struct rig *rig)
{
    const struct setup *s = &rig->setup;
    const struct oac_link_caps *caps = rig->link.caps;
    for (size_t i = 0; i < BATCH * s->cols; i++) {
        double x = s->x_scale * random_opening(caps->client, &caps->nominal->client, i, 2);
        if (s->x_signed && s->engine.encoding == OAC_OFFSET)
            x = 2.0 * x - s->x_scale;
        else if (s->x_signed && i % 2 == 0)
            x = -x;
        rig->x[i] = (float)x;
    }
}

static struct oac_matrix_spec spec_of(const struct rig *rig)
{
    const struct setup *s = &rig->setup;
    bool offset = s->engine.encoding == OAC_OFFSET;
    return (struct oac_matrix_spec){
        .rows = s->rows,
        .cols = s->cols,
        .w = rig->w,
        .w_min = offset ? s->w_min : -s->w_scale,
        .w_max = offset ? s->w_min + s->w_scale : s->w_scale,
        .x_min = s->x_signed ? -s->x_scale : 0.0,
        .x_max = s->x_scale,
        .name = "layer 1",
    };
}

static void build(struct rig *rig, const struct setup *setup)
{
    *rig = (struct rig){.setup = *setup};
    rig->w = malloc(setup->rows * setup->cols * sizeof *rig->w);
    rig->x = malloc(BATCH * setup->cols * sizeof *rig->x);
    rig->y = calloc(BATCH * setup->rows, sizeof *rig->y);
    OK(rig, oac_exact_open(&setup->link, &rig->link, &rig->err));
    fill_weights(rig);
    fill_operands(rig);
    const struct oac_matrix_spec spec = spec_of(rig);
    OK(rig, oac_engine_create(&rig->link, NULL, &setup->engine, &rig->engine, &rig->err));
    OK(rig, oac_engine_load(rig->engine, &spec, &rig->matrix, &rig->err));
    OK(rig, oac_engine_scratch_create(rig->engine, BATCH, &rig->scratch, &rig->err));
}

static void demolish(struct rig *rig)
{
    oac_engine_scratch_destroy(rig->scratch);
    oac_engine_destroy(rig->engine);
    cr_assert_eq(oac_exact_loaded(&rig->link), 0, "an engine unloads what it loaded");
    oac_link_close(&rig->link);
    free(rig->w);
    free(rig->x);
    free(rig->y);
}

static struct oac_multiply call_of(struct rig *rig)
{
    return (struct oac_multiply){.batch = BATCH, .x = rig->x, .y = rig->y};
}

/* Zeros play the code nearest to the null, which 12 bits place within 5e-8 of it: less than what follows.
 * Two roundings to float in each of up to four passes, of readouts that hold N products, the offset (100
 * codes are 10 products) and dark and gated light (a few more): 2^-24 of all that. */
static double tolerance(const struct setup *s)
{
    double products = 1.3 * (double)s->cols + 20.0;
    return 1e-6 * products * (s->w_scale + fabs(s->w_min)) * s->x_scale;
}

static void expect_product(const struct rig *rig, double slack, const char *what)
{
    const struct setup *s = &rig->setup;
    for (size_t b = 0; b < BATCH; b++)
        for (size_t k = 0; k < s->rows; k++) {
            double y = 0.0, got = (double)rig->y[b * s->rows + k];
            for (size_t n = 0; n < s->cols; n++)
                y += (double)rig->w[k * s->cols + n] * (double)rig->x[b * s->cols + n];
            cr_assert(fabs(got - y) <= slack * tolerance(s),
                      "%s, %s%s, %zu channels: y[%zu,%zu] = %.9g, not %.9g (%g off)", what,
                      oac_encoding_names[s->engine.encoding], s->x_signed ? ", signed x" : "",
                      s->link.channels, b, k, got, y, got - y);
        }
}

static struct setup setup_of(enum oac_encoding encoding, bool x_signed, size_t channels)
{
    return (struct setup){
        .link = {.channels = channels,
                 .slots_max = 64,
                 .dac_bits = 12,
                 .guard_slots = 3,
                 .r_weight = 0.01,
                 .r_client = 0.02,
                 .differential = encoding == OAC_BALANCED,
                 .pair_mismatch = 0.05},
        .engine = {.encoding = encoding, .repeats = 1, .slot_base = 5000},
        .rows = channels == 1 ? 6 : 100,
        .cols = 41,
        .x_signed = x_signed,
        .w_scale = 0.8,
        .w_min = encoding == OAC_OFFSET ? -0.3 : 0.0,
        .x_scale = 2.5,
    };
}

/* Extinction, gains, offsets, dark and gated light, mismatched pairs: all must drop out. */
Test(engine, playable_products_are_exact_in_every_encoding_and_tiling)
{
    static const size_t channels[] = {16, 7, 1};
    for (int encoding = OAC_RAILS; encoding <= OAC_BALANCED; encoding++)
        for (int x_signed = 0; x_signed < 2; x_signed++)
            for (size_t c = 0; c < 3; c++) {
                struct setup setup =
                    setup_of((enum oac_encoding)encoding, x_signed, channels[c]);
                struct rig rig;
                build(&rig, &setup);
                struct oac_multiply call = call_of(&rig);
                OK(&rig, oac_matrix_multiply(rig.matrix, rig.scratch, &call, &rig.err));
                expect_product(&rig, 1.0, "plain");
                demolish(&rig);
            }
}

Test(engine, launch_power_and_repeats_leave_the_product_alone)
{
    static const float launch[BATCH] = {1.0f, 0.25f, 2.0f, 0.7f, 0.7f, 1.5f};
    for (int encoding = OAC_RAILS; encoding <= OAC_BALANCED; encoding++)
        for (int x_signed = 0; x_signed < 2; x_signed++) {
            struct setup setup = setup_of((enum oac_encoding)encoding, x_signed, 16);
            setup.engine.repeats = 3;
            struct rig rig;
            build(&rig, &setup);
            struct oac_multiply call = call_of(&rig);
            call.launch = launch;
            OK(&rig, oac_matrix_multiply(rig.matrix, rig.scratch, &call, &rig.err));
            expect_product(&rig, 3.0, "launch"); /* roundings weigh more at low light */
            demolish(&rig);
        }
}

Test(engine, an_operand_scale_per_image_multiplies_the_range)
{
    for (int encoding = OAC_RAILS; encoding <= OAC_BALANCED; encoding++)
        for (int x_signed = 0; x_signed < 2; x_signed++) {
            struct setup setup = setup_of((enum oac_encoding)encoding, x_signed, 16);
            struct rig rig;
            build(&rig, &setup);
            const float x_scale[BATCH] = {1.0f, 0.5f, 2.0f, 4.0f, 0.25f, 1.0f};
            struct oac_multiply call = call_of(&rig);
            struct oac_multiply_tally tally = {0};
            for (size_t i = 0; i < BATCH * setup.cols; i++)
                rig.x[i] *= x_scale[i / setup.cols];
            call.x_scale = x_scale;
            call.tally = &tally;
            OK(&rig, oac_matrix_multiply(rig.matrix, rig.scratch, &call, &rig.err));
            expect_product(&rig, 4.0, "x_scale");
            cr_assert_eq(tally.clipped_operands, 0);
            demolish(&rig);
        }
}

Test(engine, columns_beyond_the_slots_are_cut_and_summed)
{
    for (int encoding = OAC_RAILS; encoding <= OAC_BALANCED; encoding++) {
        struct setup setup = setup_of((enum oac_encoding)encoding, true, 7);
        setup.link.slots_max = 12;
        struct rig rig;
        build(&rig, &setup);
        struct oac_multiply call = call_of(&rig);
        OK(&rig, oac_matrix_multiply(rig.matrix, rig.scratch, &call, &rig.err));
        expect_product(&rig, 4.0, "segments"); /* each of four segments rounds */
        demolish(&rig);
    }
}

/* Random bytes, `zeros` of eight of them zero, and what they stand for. */
static void fill_bytes(struct rig *rig, uint8_t *bytes, float scale, unsigned zeros)
{
    for (size_t i = 0; i < BATCH * rig->setup.cols; i++) {
        bool zero = 8.0 * uniform(i, 5) < zeros;
        bytes[i] = zero ? 0 : (uint8_t)(1.0 + 255.0 * uniform(i, 6));
        rig->x[i] = (float)bytes[i] * scale;
    }
}

static void expect_same_from_bytes(enum oac_encoding encoding, bool x_signed, unsigned zeros,
                                   double largest)
{
    struct setup setup = setup_of(encoding, x_signed, 16);
    struct rig rig;
    setup.cols = 150;
    setup.link.slots_max = 90; /* two segments */
    build(&rig, &setup);
    uint8_t *bytes = malloc(BATCH * setup.cols);
    float *y = calloc(BATCH * setup.rows, sizeof *y);
    const float scale = (float)(largest * setup.x_scale / 255.0);
    fill_bytes(&rig, bytes, scale, zeros);
    struct oac_multiply_tally numbers_tally = {0}, bytes_tally = {0};
    struct oac_multiply numbers = call_of(&rig), from_bytes = numbers;
    numbers.tally = &numbers_tally;
    from_bytes.x = NULL;
    from_bytes.bytes = bytes;
    from_bytes.byte_scale = scale;
    from_bytes.y = y;
    from_bytes.tally = &bytes_tally;
    OK(&rig, oac_matrix_multiply(rig.matrix, rig.scratch, &numbers, &rig.err));
    OK(&rig, oac_matrix_multiply(rig.matrix, rig.scratch, &from_bytes, &rig.err));
    cr_assert_eq(memcmp(y, rig.y, BATCH * setup.rows * sizeof *y), 0,
                 "%s, %s x, %u zeros of 8, largest %g", oac_encoding_names[encoding],
                 x_signed ? "signed" : "plain", zeros, largest);
    cr_assert_eq(numbers_tally.clipped_operands, bytes_tally.clipped_operands);
    cr_assert((largest > 1.0) == (bytes_tally.clipped_operands > 0));
    from_bytes.x = rig.x;
    cr_assert_eq(oac_matrix_multiply(rig.matrix, rig.scratch, &from_bytes, &rig.err),
                 OAC_EINVAL, "numbers and bytes at once");
    free(bytes);
    free(y);
    demolish(&rig);
}

Test(engine, bytes_give_the_bits_of_the_numbers_they_stand_for)
{
    for (int encoding = OAC_RAILS; encoding <= OAC_BALANCED; encoding++)
        for (int x_signed = 0; x_signed < 2; x_signed++)
            for (unsigned zeros = 0; zeros <= 6; zeros += 6) {
                expect_same_from_bytes((enum oac_encoding)encoding, x_signed, zeros, 1.0);
                expect_same_from_bytes((enum oac_encoding)encoding, x_signed, zeros, 1.3);
            }
}

/* The codes of bytes are kept between calls: another scale, or another matrix, needs others. */
Test(engine, bytes_of_another_scale_are_other_operands)
{
    struct setup setup = setup_of(OAC_BALANCED, false, 16);
    struct rig rig;
    build(&rig, &setup);
    uint8_t bytes[BATCH * 41];
    const float scales[] = {2.5f / 255.0f, 1.25f / 255.0f};
    for (size_t i = 0; i < 2; i++) {
        fill_bytes(&rig, bytes, scales[i], 0);
        struct oac_multiply call = call_of(&rig);
        float y[BATCH * 100];
        call.y = y;
        OK(&rig, oac_matrix_multiply(rig.matrix, rig.scratch, &call, &rig.err));
        call = (struct oac_multiply){
            .batch = BATCH, .bytes = bytes, .byte_scale = scales[i], .y = rig.y};
        OK(&rig, oac_matrix_multiply(rig.matrix, rig.scratch, &call, &rig.err));
        cr_assert_eq(memcmp(y, rig.y, sizeof y), 0, "scale %zu", i);
    }
    demolish(&rig);
}

/* Any operand is played within half a code: |u^ - u| <= step/2, step <= h/2 in transmission. */
Test(engine, arbitrary_operands_are_off_by_half_a_code_at_most)
{
    for (int encoding = OAC_RAILS; encoding <= OAC_BALANCED; encoding++) {
        struct setup setup = setup_of((enum oac_encoding)encoding, true, 16);
        setup.link.dac_bits = 8;
        struct rig rig;
        build(&rig, &setup);
        const struct oac_matrix_spec spec = spec_of(&rig);
        for (size_t i = 0; i < BATCH * setup.cols; i++)
            rig.x[i] = (float)(spec.x_min + (spec.x_max - spec.x_min) * uniform(i, 3));
        struct oac_multiply call = call_of(&rig);
        OK(&rig, oac_matrix_multiply(rig.matrix, rig.scratch, &call, &rig.err));
        double half_code = 0.25 * 3.1416 * 1.09 / 255.0; /* of an opening */
        double w_most = fmax(fabs(spec.w_min), fabs(spec.w_max));
        double w_half = half_code * (spec.w_max - spec.w_min);
        double x_half = half_code * (spec.x_max - spec.x_min);
        double bound = (double)setup.cols * (w_most * x_half + setup.x_scale * w_half);
        double largest = 0.0;
        for (size_t b = 0; b < BATCH; b++)
            for (size_t k = 0; k < setup.rows; k++) {
                double y = 0.0;
                for (size_t n = 0; n < setup.cols; n++)
                    y += (double)rig.w[k * setup.cols + n] * (double)rig.x[b * setup.cols + n];
                largest = fmax(largest, fabs((double)rig.y[b * setup.rows + k] - y));
            }
        cr_assert(largest <= bound, "%g is more than %g", largest, bound);
        cr_assert(largest >= 0.002 * bound, "8 bits cannot be this good: %g", largest);
        demolish(&rig);
    }
}

/* Makes about `part` of the operands of images from..to-1 zero. */
static void make_zeros(struct rig *rig, size_t from, size_t to, double part)
{
    for (size_t i = from * rig->setup.cols; i < to * rig->setup.cols; i++)
        if (uniform(i, 4) < part)
            rig->x[i] = 0.0f;
}

static void each_image_alone(struct rig *rig, const float *launch, const double *photons)
{
    const struct setup *s = &rig->setup;
    for (size_t b = 0; b < BATCH; b++) {
        float *y = malloc(s->rows * sizeof *y);
        double own_photons;
        struct oac_multiply call = {.image0 = 700 + b,
                                    .batch = 1,
                                    .x = rig->x + b * s->cols,
                                    .y = y,
                                    .launch = launch ? launch + b : NULL,
                                    .photons = &own_photons};
        OK(rig, oac_matrix_multiply(rig->matrix, rig->scratch, &call, &rig->err));
        cr_assert_eq(memcmp(y, rig->y + b * s->rows, s->rows * sizeof *y), 0,
                     "%s%s: image %zu depends on its batch",
                     oac_encoding_names[s->engine.encoding], s->x_signed ? ", signed x" : "",
                     b);
        cr_assert_eq(memcmp(&own_photons, &photons[b], sizeof own_photons), 0);
        free(y);
    }
}

/* Alone, an image with zeros is played sparse; in a batch whose looks are dense it is played dense. */
Test(engine, neither_batch_nor_sparsity_changes_a_bit)
{
    for (int encoding = OAC_RAILS; encoding <= OAC_BALANCED; encoding++)
        for (int x_signed = 0; x_signed < 2; x_signed++)
            for (int launched = 0; launched < 2; launched++) {
                struct setup setup = setup_of((enum oac_encoding)encoding, x_signed, 16);
                struct rig rig;
                build(&rig, &setup);
                const float launch[BATCH] = {1.0f, 0.5f, 0.5f, 1.25f, 0.3f, 1.0f};
                double photons[BATCH];
                make_zeros(&rig, 2, 4, 0.9);
                struct oac_multiply call = call_of(&rig);
                call.image0 = 700;
                call.launch = launched ? launch : NULL;
                call.photons = photons;
                OK(&rig, oac_matrix_multiply(rig.matrix, rig.scratch, &call, &rig.err));
                if (encoding != OAC_OFFSET || !x_signed) /* else no code plays x = 0 exactly */
                    expect_product(&rig, launched ? 3.0 : 1.0, "zeros");
                each_image_alone(&rig, call.launch, photons);
                demolish(&rig);
            }
}

Test(engine, a_batch_beyond_the_scratch_is_cut_into_chunks)
{
    struct setup setup = setup_of(OAC_RAILS, false, 16);
    struct rig rig;
    build(&rig, &setup);
    struct oac_engine_scratch *small;
    OK(&rig, oac_engine_scratch_create(rig.engine, 2, &small, &rig.err));
    struct oac_multiply call = call_of(&rig);
    OK(&rig, oac_matrix_multiply(rig.matrix, rig.scratch, &call, &rig.err));
    float *y = malloc(BATCH * setup.rows * sizeof *y);
    call.y = y;
    OK(&rig, oac_matrix_multiply(rig.matrix, small, &call, &rig.err));
    cr_assert_eq(memcmp(y, rig.y, BATCH * setup.rows * sizeof *y), 0);
    free(y);
    oac_engine_scratch_destroy(small);
    demolish(&rig);
}

Test(engine, the_schedule_is_image_major)
{
    struct setup setup = setup_of(OAC_RAILS, false, 16); /* 7 tiles of 2 passes */
    setup.engine.repeats = 2;
    struct rig rig;
    build(&rig, &setup);
    const uint64_t window = 41 + 3, per_image = 7 * 2 * 2 * window;
    const uint64_t *slot0;
    cr_assert_eq(oac_engine_slots_per_image(rig.engine), per_image);
    struct oac_multiply call = call_of(&rig);
    call.image0 = 731;
    OK(&rig, oac_matrix_multiply(rig.matrix, rig.scratch, &call, &rig.err));
    cr_assert_eq(oac_exact_last_slots(&rig.link, &slot0), BATCH);
    for (uint64_t b = 0; b < BATCH; b++) /* the last window of each image ends the image */
        cr_assert_eq(slot0[b], 5000 + (732 + b) * per_image - 41);
    call.image0 = UINT64_MAX / per_image;
    cr_assert_eq(oac_matrix_multiply(rig.matrix, rig.scratch, &call, &rig.err), OAC_EINVAL,
                 "a clock that wraps is refused");
    demolish(&rig);
}

Test(engine, what_is_out_of_range_is_clipped_and_counted)
{
    for (int sparse = 0; sparse < 2; sparse++) {
        struct setup setup = setup_of(OAC_RAILS, true, 16);
        struct rig rig;
        build(&rig, &setup);
        struct oac_multiply_tally tally = {.clipped_operands = 100, .clipped_readouts = 7};
        struct oac_multiply call = call_of(&rig);
        call.tally = &tally;
        if (sparse)
            make_zeros(&rig, 0, BATCH, 0.9);
        cr_assert_eq(oac_engine_clipped_weights(rig.engine), 0);
        rig.x[3] = 2.6f;
        rig.x[45] = -2.5001f;
        rig.x[46] = 2.5f; /* the limit itself is inside */
        rig.x[47] = -2.5f;
        OK(&rig, oac_matrix_multiply(rig.matrix, rig.scratch, &call, &rig.err));
        cr_assert_eq(tally.clipped_operands, 102);
        cr_assert_eq(tally.clipped_readouts, 7);
        rig.x[3] = 2.5f;
        rig.x[45] = -2.5f;
        expect_product(&rig, 1.0, "clipped");
        demolish(&rig);
    }
}

Test(engine, weights_out_of_range_are_counted_once)
{
    struct setup setup = setup_of(OAC_RAILS, false, 16);
    struct rig rig;
    build(&rig, &setup);
    struct oac_engine *other;
    struct oac_matrix *matrix;
    struct oac_matrix_spec spec = spec_of(&rig);
    rig.w[5] = 0.81f;
    rig.w[77] = -1e9f;
    OK(&rig, oac_engine_create(&rig.link, NULL, &setup.engine, &other, &rig.err));
    OK(&rig, oac_engine_load(other, &spec, &matrix, &rig.err));
    cr_assert_eq(oac_engine_clipped_weights(other), 2);
    oac_engine_destroy(other);
    demolish(&rig);
}

Test(engine, light_adds_up_to_what_is_detected)
{
    for (int encoding = OAC_RAILS; encoding <= OAC_BALANCED; encoding++) {
        struct setup setup = setup_of((enum oac_encoding)encoding, encoding == OAC_OFFSET, 16);
        setup.engine.repeats = 2;
        setup.link.pair_mismatch = 0.0;
        struct rig rig;
        build(&rig, &setup);
        double photons[BATCH], mean = 0.0;
        struct oac_multiply call = call_of(&rig);
        call.photons = photons;
        OK(&rig, oac_matrix_multiply(rig.matrix, rig.scratch, &call, &rig.err));
        float *x_mean = calloc(setup.cols, sizeof *x_mean);
        for (size_t i = 0; i < BATCH * setup.cols; i++)
            x_mean[i % setup.cols] += rig.x[i] / BATCH;
        for (size_t b = 0; b < BATCH; b++)
            mean += photons[b] / BATCH;
        struct oac_matrix_light light;
        OK(&rig, oac_matrix_light(rig.matrix, x_mean, &light, &rig.err));
        unsigned passes = encoding == OAC_RAILS ? 2 : 1;
        cr_assert_eq(light.optical_macs, 2u * passes * 100u * 41u, "without tile padding");
        cr_assert_eq(light.windows, 2u * passes * 7u);
        cr_assert_eq(light.slots, oac_engine_slots_per_image(rig.engine));
        cr_assert_float_eq(light.launched_j, 1e-9 * 41.0 * (double)light.windows, 1e-15);
        cr_assert_float_eq(light.client_in_j, 1e-10 * 41.0 * (double)light.windows, 1e-16);
        cr_assert(fabs(light.detected_photons / mean - 1.0) < 1e-5, "%s: %g and %g photons",
                  oac_encoding_names[encoding], light.detected_photons, mean);
        cr_assert(light.preweight_photons > 0.0);
        free(x_mean);
        demolish(&rig);
    }
}

static void expect_refusal(struct rig *rig, struct oac_multiply call, const char *words)
{
    rig->err.message[0] = '\0';
    cr_assert_eq(oac_matrix_multiply(rig->matrix, rig->scratch, &call, &rig->err), OAC_EINVAL);
    cr_assert_neq(strstr(rig->err.message, words), NULL, "\"%s\" in \"%s\"", words,
                  rig->err.message);
}

Test(engine, unreal_operands_powers_and_scales_are_refused_by_name)
{
    struct setup setup = setup_of(OAC_RAILS, false, 16);
    struct rig rig;
    build(&rig, &setup);
    struct oac_multiply_tally tally = {0};
    struct oac_multiply call = call_of(&rig);
    call.tally = &tally;
    const float launch[BATCH] = {1.0f, 1.0f, 0.0f, 1.0f, 1.0f, 1.0f};
    const float x_scale[BATCH] = {1.0f, 1.0f, 1.0f, NAN, 1.0f, 1.0f};
    const float bright[BATCH] = {1.0f, 2.5f, 1.0f, 1.0f, 1.0f, 1.0f};
    call.launch = launch;
    expect_refusal(&rig, call, "layer 1, image 2");
    call.launch = bright;
    expect_refusal(&rig, call, "relative launch power of 2.5");
    call.launch = NULL;
    call.x_scale = x_scale;
    expect_refusal(&rig, call, "layer 1, image 3");
    call.x_scale = NULL;
    rig.x[17] = NAN;
    expect_refusal(&rig, call, "is nan");
    rig.x[17] = -INFINITY;
    expect_refusal(&rig, call, "is -inf");
    cr_assert_eq(tally.clipped_operands, 0, "a failed call counts nothing");
    demolish(&rig);
}

Test(engine, matrices_that_make_no_sense_are_refused_by_name)
{
    struct setup setup = setup_of(OAC_RAILS, false, 16);
    struct rig rig;
    build(&rig, &setup);
    struct oac_engine *engine;
    struct oac_matrix *matrix = NULL;
    const struct oac_matrix_spec good = spec_of(&rig);
    cr_assert_eq(oac_engine_load(rig.engine, &good, &matrix, &rig.err), OAC_EINVAL);
    cr_assert_neq(strstr(rig.err.message, "too late"), NULL, "%s", rig.err.message);
    OK(&rig, oac_engine_create(&rig.link, NULL, &setup.engine, &engine, &rig.err));
    struct oac_matrix_spec bad[7];
    for (size_t i = 0; i < 7; i++)
        bad[i] = good;
    bad[0].rows = 0;
    bad[1].w = NULL;
    bad[2].w_min = NAN;
    bad[3].w_max = -1.0;
    bad[4].x_min = 2.5;
    bad[5].x_max = INFINITY;
    bad[6].rows = SIZE_MAX / 2;
    for (size_t i = 0; i < 7; i++) {
        enum oac_status status = oac_engine_load(engine, &bad[i], &matrix, &rig.err);
        cr_assert_eq(status, i == 6 ? OAC_ENOMEM : OAC_EINVAL, "spec %zu: %s", i,
                     rig.err.message);
    }
    rig.w[42] = INFINITY;
    cr_assert_eq(oac_engine_load(engine, &good, &matrix, &rig.err), OAC_EINVAL);
    cr_assert_neq(strstr(rig.err.message, "row 1, column 1 is inf"), NULL, "%s",
                  rig.err.message);
    cr_assert_eq(matrix, NULL);
    cr_assert_eq(oac_engine_slots_per_image(engine), 0, "a refused matrix takes no time");
    oac_engine_destroy(engine);
    demolish(&rig);
}

Test(engine, options_and_calibrations_that_do_not_fit_are_refused)
{
    struct setup setup = setup_of(OAC_RAILS, false, 16);
    struct rig rig;
    build(&rig, &setup);
    struct oac_engine *engine = NULL;
    struct oac_engine_options options = setup.engine;
    options.repeats = 0;
    cr_assert_eq(oac_engine_create(&rig.link, NULL, &options, &engine, &rig.err), OAC_EINVAL);
    options.repeats = 1;
    options.encoding = OAC_BALANCED;
    cr_assert_eq(oac_engine_create(&rig.link, NULL, &options, &engine, &rig.err),
                 OAC_EUNSUPPORTED);
    options.encoding = OAC_RAILS;
    struct oac_calrec other = *rig.link.caps->nominal;
    other.channels = 15;
    cr_assert_eq(oac_engine_create(&rig.link, &other, &options, &engine, &rig.err),
                 OAC_EMISMATCH);
    other.channels = 16;
    other.rig_hash[31] = 1;
    cr_assert_eq(oac_engine_create(&rig.link, &other, &options, &engine, &rig.err),
                 OAC_EMISMATCH);
    other.rig_hash[31] = 0;
    double was = other.channel[3].gain_code;
    other.channel[3].gain_code = 0.0;
    cr_assert_eq(oac_engine_create(&rig.link, &other, &options, &engine, &rig.err), OAC_EINVAL);
    cr_assert_neq(strstr(rig.err.message, "channel 3"), NULL, "%s", rig.err.message);
    other.channel[3].gain_code = was;
    cr_assert_eq(engine, NULL);
    demolish(&rig);
}

/* A whole life of an engine; whichever call fails, everything is given back. */
static enum oac_status live(struct oac_link *link, const struct oac_matrix_spec *spec,
                            const float *x, float *y, struct oac_err *err)
{
    const struct oac_engine_options options = {.encoding = OAC_RAILS, .repeats = 2};
    struct oac_engine *engine = NULL;
    struct oac_engine_scratch *scratch = NULL;
    struct oac_matrix *matrix;
    const struct oac_multiply call = {.batch = 2, .x = x, .y = y};
    enum oac_status status = oac_engine_create(link, NULL, &options, &engine, err);
    if (!status)
        status = oac_engine_load(engine, spec, &matrix, err);
    if (!status)
        status = oac_engine_scratch_create(engine, 2, &scratch, err);
    if (!status)
        status = oac_matrix_multiply(matrix, scratch, &call, err);
    oac_engine_scratch_destroy(scratch);
    oac_engine_destroy(engine);
    return status;
}

Test(engine, whichever_call_of_the_link_fails_nothing_leaks)
{
    struct setup setup = setup_of(OAC_RAILS, false, 7);
    struct rig rig;
    build(&rig, &setup);
    const struct oac_matrix_spec spec = spec_of(&rig);
    const size_t loaded = oac_exact_loaded(&rig.link);
    enum oac_status status = OAC_EDEVICE;
    unsigned n = 0;
    while (status == OAC_EDEVICE && n < 1000) {
        oac_exact_fail_at(&rig.link, ++n);
        status = live(&rig.link, &spec, rig.x, rig.y, &rig.err);
        cr_assert_eq(oac_exact_loaded(&rig.link), loaded, "failing call %u leaves frames", n);
        if (status)
            cr_assert_neq(strstr(rig.err.message, "made to fail"), NULL, "%s", rig.err.message);
    }
    cr_assert_eq(status, OAC_OK, "%s", rig.err.message);
    cr_assert_eq(n, 15u * 2u + 1u + 60u + 1u,
                 "30 loads, 1 workspace, 60 plays, then success: %u", n);
    oac_exact_fail_at(&rig.link, 0);
    demolish(&rig);
}
