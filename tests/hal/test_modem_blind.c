/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Benches of which a readout shows no preamble: the others are aligned and read as if it were not there, and who
 * wants the blind one's numbers is told. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "hal/modem.h"
#include "tests/hal/sounded_bench.h"

enum { CHANNELS = 4, SLOTS = 12, WINDOWS = 3 };

static struct oac_exact_stream_options bench(enum oac_receiver receiver, double peaks_off)
{
    return sounded_bench(CHANNELS, receiver, peaks_off);
}

static void open_bench(const struct oac_exact_stream_options *options, struct oac_link *link)
{
    struct oac_stream stream;
    struct oac_err err;
    cr_assert_eq(oac_exact_stream_open(options, &stream, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(oac_modem_open(&stream, NULL, link, &err), OAC_OK, "dead %x, %g V_pi: %s",
                 options->dead, options->peaks_off, err.message);
}

/* One frame at half the range of all codes. */
static enum oac_status play(struct oac_link *link, const bool *unused, float *code,
                            uint8_t *flag, struct oac_err *err)
{
    uint16_t weight[CHANNELS * SLOTS], client[WINDOWS * SLOTS];
    const uint64_t slot0[WINDOWS] = {0, 1000, 2000};
    uint32_t handle;
    for (size_t i = 0; i < CHANNELS * SLOTS; i++)
        weight[i] = (uint16_t)(link->caps->weight[i / SLOTS].code_max / 2);
    for (size_t i = 0; i < WINDOWS * SLOTS; i++)
        client[i] = (uint16_t)(link->caps->client->code_max / 2);
    const struct oac_weight_frame frame = {.rows = CHANNELS,
                                           .slots = SLOTS,
                                           .code = weight,
                                           .null_x_code =
                                               (uint16_t)link->caps->client->code_safe};
    const struct oac_activation_frame windows = {
        .windows = WINDOWS, .code = client, .slot0 = slot0, .unused = unused};
    struct oac_readouts readouts = {.code = code, .flag = flag};
    struct oac_workspace *workspace = oac_link_workspace_create(link, err);
    cr_assert(workspace, "%s", err->message);
    cr_assert_eq(oac_link_load(link, &frame, &handle, err), OAC_OK, "%s", err->message);
    const enum oac_status status =
        oac_link_play(link, handle, workspace, &windows, &readouts, err);
    oac_link_workspace_destroy(link, workspace);
    return status;
}

/* Delays of the others, and their numbers, which a whole bench reads too. */
static void expect_others_as_ever(const struct oac_exact_stream_options *options, size_t dead)
{
    struct oac_exact_stream_options whole = *options;
    struct oac_link link, healthy;
    struct oac_err err;
    float code[WINDOWS * CHANNELS], wanted[WINDOWS * CHANNELS];
    uint8_t flag[WINDOWS * CHANNELS] = {0}, clean[WINDOWS * CHANNELS] = {0};
    whole.dead = 0;
    open_bench(options, &link);
    open_bench(&whole, &healthy);
    const struct oac_modem_alignment *found = oac_modem_alignment(&link);
    for (size_t k = 0; k < CHANNELS; k++) {
        const double delay = found->delay_s[k] / OAC_EXACT_STREAM_SLOT_S;
        cr_expect_float_eq(delay, options->delay_slots, 0.02, "dead %zu, %g V_pi: %zu at %g",
                           dead, options->peaks_off, k, delay);
        cr_expect(k == dead ? found->contrast[k] == 0.0 : found->contrast[k] >= 8.0);
    }
    cr_assert_eq(play(&link, NULL, code, flag, &err), OAC_OK, "%s", err.message);
    cr_assert_eq(play(&healthy, NULL, wanted, clean, &err), OAC_OK, "%s", err.message);
    for (size_t i = 0; i < WINDOWS * CHANNELS; i++) {
        cr_expect_eq(clean[i] & OAC_FLAG_BLIND, 0);
        cr_expect_eq((flag[i] & OAC_FLAG_BLIND) != 0, i % CHANNELS == dead, "readout %zu", i);
        if (i % CHANNELS != dead) /* some sigma of noise, and 0.02 slots of both ends */
            cr_expect_float_eq(code[i], wanted[i], 1.0, "dead %zu: readout %zu is %g, not %g",
                               dead, i, (double)code[i], (double)wanted[i]);
    }
    oac_link_close(&link);
    oac_link_close(&healthy);
    cr_expect_eq(oac_exact_stream_alive(), 0);
}

Test(modem_blind, the_others_are_aligned_wherever_their_peaks_are)
{
    static const enum oac_receiver receivers[] = {OAC_INTEGRATOR, OAC_SAMPLED, OAC_COUNTING};
    for (size_t r = 0; r < 3; r++) {
        struct oac_exact_stream_options options = bench(receivers[r], 0.5 * (double)(r % 2));
        options.dead = 1u << r;
        expect_others_as_ever(&options, r);
    }
    struct oac_exact_stream_options options = bench(OAC_INTEGRATOR, 0.5);
    options.dead = 1u << 3;
    expect_others_as_ever(&options, 3);
}

/* A board's: every burst finds its own delays. */
Test(modem_blind, bursts_with_delays_of_their_own_do_without_it)
{
    struct oac_exact_stream_options options = bench(OAC_SAMPLED, 0.5);
    options.delay_jumps = options.together = true;
    options.dead = 1u << 0;
    struct oac_link link;
    struct oac_err err;
    float code[WINDOWS * CHANNELS];
    uint8_t flag[WINDOWS * CHANNELS] = {0};
    open_bench(&options, &link);
    cr_assert_eq(play(&link, NULL, code, flag, &err), OAC_OK, "%s", err.message);
    for (size_t i = 0; i < WINDOWS * CHANNELS; i++)
        cr_expect_eq(flag[i], i % CHANNELS ? 0 : OAC_FLAG_BLIND, "%zu: %u", i, flag[i]);
    oac_link_close(&link);
}

Test(modem_blind, who_wants_no_flags_is_refused_unless_nobody_looks_at_it)
{
    static const bool unused[CHANNELS] = {false, false, true, false};
    static const bool other[CHANNELS] = {false, true, false, false};
    struct oac_exact_stream_options options = bench(OAC_INTEGRATOR, 0.0);
    struct oac_link link;
    struct oac_err err;
    float code[WINDOWS * CHANNELS];
    options.dead = 1u << 2;
    open_bench(&options, &link);
    cr_expect_eq(play(&link, NULL, code, NULL, &err), OAC_EDEVICE);
    cr_expect(strstr(err.message, "readout 2") && strstr(err.message, "contrast"), "%s",
              err.message);
    cr_expect_eq(play(&link, other, code, NULL, &err), OAC_EDEVICE);
    cr_expect_eq(play(&link, unused, code, NULL, &err), OAC_OK, "%s", err.message);
    oac_link_close(&link);
}

Test(modem_blind, where_all_are_blind_the_modem_does_not_open)
{
    struct oac_exact_stream_options options = bench(OAC_INTEGRATOR, 0.0);
    struct oac_stream stream;
    struct oac_link link;
    struct oac_err err;
    options.dead = 0xf;
    cr_assert_eq(oac_exact_stream_open(&options, &stream, &err), OAC_OK, "%s", err.message);
    cr_expect_eq(oac_modem_open(&stream, NULL, &link, &err), OAC_EDEVICE);
    cr_expect(strstr(err.message, "readout 0"), "%s", err.message);
    cr_expect_eq(oac_exact_stream_alive(), 0);
}

/* Three readouts of noise against one of light: what they say of codes is chance, and at these peaks it would
 * leave the fourth nothing to see. */
Test(modem_blind, readouts_of_noise_do_not_choose_the_codes)
{
    struct oac_exact_stream_options options = bench(OAC_SAMPLED, -0.5);
    struct oac_link link;
    options.noise_code = 9.0; /* open light is 11 */
    options.dead = 0x7;
    open_bench(&options, &link);
    const struct oac_modem_alignment *found = oac_modem_alignment(&link);
    cr_expect_float_eq(found->delay_s[3] / OAC_EXACT_STREAM_SLOT_S, options.delay_slots, 0.1);
    cr_expect_geq(found->contrast[3], 25.0, "%g", found->contrast[3]);
    oac_link_close(&link);
}
