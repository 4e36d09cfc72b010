/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a play promises beside means: the same bits however it is asked, flags, accounts. */
#include "tests/sim/analytic_fixture.h"

#define SLOTS   48
#define ROWS    4
#define WINDOWS 150 /* more than two tiles */

/* Benches that take different ways through the engine. */
#define NOISY "weight_modulator.drive_noise_v=1e-3", "laser.rin_db_per_hz=-140"
static const char *const STEADY[] = {NULL};
static const char *const MANY[] = {NOISY, "receiver.cds=no", "receiver.read_noise_v=1e-5",
                                   NULL};
static const char *const ROTATING[] = {NOISY, "client_modulator.drive_noise_v=2e-3",
                                       "laser.shared=yes", NULL};
static const char *const SETTLING[] = {"weight_modulator.bandwidth_hz=2e9",
                                       "client_modulator.bandwidth_hz=1e9", NULL};
static const char *const TRACKING[] = {"client_modulator.vpi_tracks_wavelength=yes",
                                       "laser.grid_hz=500e9", NULL};
static const char *const MOVING[] = {
    "laser.drift_sigma=0.01", "weight_modulator.drift_sigma_v=0.01",
    "client_modulator.drift_sigma_v=0.01", "detector.drift_sigma=0.01", NULL};
static const char *const COUNTING[] = {"detector.kind=counting", "receiver.kind=counter",
                                       "laser.power_dbm=-65", NULL};
static const char *const DEAD[] = {"detector.kind=counting", "receiver.kind=counter",
                                   "laser.power_dbm=-85",    "detector.dead_time_s=1e-8",
                                   "slot_rate_hz=1e6",       NULL};
#define FIBER                                                                     \
    "laser.grid_hz=100e9", "fiber.dispersion_ps_nm_km=17", "fiber.length_m=50e3", \
        "guard_slots=12"
static const char *const COMB[] = {FIBER, "laser.shared=yes", "laser.rin_db_per_hz=-130", NULL};
static const char *const STRADDLING[] = {FIBER, "fiber.precompensate=no",
                                         "weight_modulator.drive_noise_v=1e-2", NULL};
static const char *const *const BENCHES[] = {STEADY, MANY,     ROTATING, SETTLING, TRACKING,
                                             MOVING, COUNTING, DEAD,     COMB,     STRADDLING};

struct batch { /* WINDOWS different windows */
    uint16_t code[WINDOWS * SLOTS];
    uint64_t slot0[WINDOWS];
    float launch[WINDOWS];
    uint32_t begin[WINDOWS + 1];
    uint16_t slot[WINDOWS * SLOTS], nz[WINDOWS * SLOTS];
};

/* Four fifths of the slots play the null code. */
static void batch_fill(struct batch *b, uint16_t null_code)
{
    uint32_t state = 99, used = 0;
    for (size_t w = 0; w < WINDOWS; w++) {
        b->slot0[w] = 1000000 + w * 977;
        b->launch[w] = w % 3 ? 1.0f : 0.4f;
        b->begin[w] = used;
        for (size_t n = 0; n < SLOTS; n++) {
            state = state * 1664525u + 1013904223u;
            uint16_t code = (state >> 20) % 5 ? null_code : (uint16_t)((state >> 8) % 4096);
            b->code[w * SLOTS + n] = code;
            if (code == null_code)
                continue;
            b->slot[used] = (uint16_t)n;
            b->nz[used++] = code;
        }
    }
    b->begin[WINDOWS] = used;
}

static void play(struct optics *o, uint32_t handle, const struct oac_activation_frame *frame,
                 struct oac_readouts *readouts)
{
    struct oac_err err;
    cr_assert_eq(o->link.ops->play(o->link.self, handle, o->workspace, frame, readouts, &err),
                 OAC_OK, "%s", err.message);
}

static struct oac_activation_frame dense(const struct batch *b)
{
    return (struct oac_activation_frame){
        .windows = WINDOWS, .code = b->code, .slot0 = b->slot0, .launch = b->launch};
}

static uint32_t load(struct optics *o, struct pattern *p, uint16_t null_code)
{
    pattern_fill(p, o, ROWS, SLOTS, 5);
    p->null_x_code = null_code;
    return optics_load(o, p);
}

Test(analytic_play, dense_and_sparse_frames_give_the_same_bits)
{
    static struct batch b;
    for (size_t bench = 0; bench < sizeof BENCHES / sizeof BENCHES[0]; bench++)
        for (int null = 0; null < 2; null++) {
            uint16_t null_code = null ? 512 : 0;
            struct optics o;
            struct pattern p;
            float first[WINDOWS * ROWS], second[WINDOWS * ROWS];
            double photons[2][WINDOWS];
            batch_fill(&b, null_code);
            optics_open(&o, OAC_NOISE_ALL, BENCHES[bench]);
            uint32_t handle = load(&o, &p, null_code);
            struct oac_activation_frame frame = dense(&b);
            play(&o, handle, &frame,
                 &(struct oac_readouts){.code = first, .photons = photons[0]});
            frame.code = NULL;
            frame.nz_begin = b.begin;
            frame.nz_slot = b.slot;
            frame.nz_code = b.nz;
            play(&o, handle, &frame,
                 &(struct oac_readouts){.code = second, .photons = photons[1]});
            cr_expect_arr_eq(first, second, sizeof first, "bench %zu, null code %u", bench,
                             null_code);
            cr_expect_arr_eq(photons[0], photons[1], sizeof photons[0], "photons of bench %zu",
                             bench);
            optics_close(&o);
        }
}

Test(analytic_play, order_and_batches_change_no_bit)
{
    static struct batch b;
    batch_fill(&b, 0);
    for (size_t bench = 0; bench < sizeof BENCHES / sizeof BENCHES[0]; bench++) {
        struct optics o;
        struct pattern p;
        float all[WINDOWS * ROWS], single[WINDOWS * ROWS];
        optics_open(&o, OAC_NOISE_ALL, BENCHES[bench]);
        uint32_t handle = load(&o, &p, 0);
        struct oac_activation_frame frame = dense(&b);
        play(&o, handle, &frame, &(struct oac_readouts){.code = all});
        for (size_t w = WINDOWS; w-- > 0;) {
            struct oac_activation_frame one = {.windows = 1,
                                               .code = b.code + w * SLOTS,
                                               .slot0 = b.slot0 + w,
                                               .launch = b.launch + w};
            play(&o, handle, &one, &(struct oac_readouts){.code = single + w * ROWS});
        }
        cr_expect_arr_eq(all, single, sizeof all, "bench %zu", bench);
        optics_close(&o);
    }
}

Test(analytic_play, asking_for_flags_and_photons_changes_no_bit)
{
    static struct batch b;
    batch_fill(&b, 0);
    for (size_t bench = 0; bench < sizeof BENCHES / sizeof BENCHES[0]; bench++) {
        struct optics o;
        struct pattern p;
        float plain[WINDOWS * ROWS], asked[WINDOWS * ROWS];
        uint8_t flag[WINDOWS * ROWS];
        double photons[WINDOWS];
        uint32_t saturated = 0;
        optics_open(&o, OAC_NOISE_ALL, BENCHES[bench]);
        uint32_t handle = load(&o, &p, 0);
        struct oac_activation_frame frame = dense(&b);
        play(&o, handle, &frame, &(struct oac_readouts){.code = plain});
        play(&o, handle, &frame, &(struct oac_readouts){asked, flag, photons, &saturated});
        cr_expect_arr_eq(plain, asked, sizeof plain, "bench %zu", bench);
        optics_close(&o);
    }
}

Test(analytic_play, another_seed_or_slot_is_another_noise)
{
    static struct batch b;
    batch_fill(&b, 0);
    struct optics o;
    struct pattern p;
    float first[WINDOWS * ROWS], second[WINDOWS * ROWS];
    optics_open(&o, OAC_NOISE_SHOT, NULL);
    uint32_t handle = load(&o, &p, 0);
    struct oac_activation_frame frame = dense(&b);
    play(&o, handle, &frame, &(struct oac_readouts){.code = first});
    for (size_t w = 0; w < WINDOWS; w++)
        b.slot0[w] += 1;
    play(&o, handle, &frame, &(struct oac_readouts){.code = second});
    for (size_t i = 0; i < WINDOWS * ROWS; i++)
        cr_expect_neq(first[i], second[i], "readout %zu", i);
    optics_close(&o);
}

/* Rounding of a noiseless readout is that of the converter. */
Test(analytic_play, adc_rounds_to_the_nearest_code)
{
    const char *sets[] = {"adc.bits=10", "adc.full_scale_v=0.05", NULL};
    struct optics o, exact;
    struct pattern p;
    float code[ROWS], linear[ROWS];
    optics_open(&o, OAC_NOISE_ADC, sets);
    optics_open(&exact, OAC_NOISE_NONE, sets);
    pattern_fill(&p, &o, ROWS, SLOTS, 5);
    optics_play(&o, optics_load(&o, &p), &p, 1, 0, code, NULL, NULL);
    optics_play(&exact, optics_load(&exact, &p), &p, 1, 0, linear, NULL, NULL);
    for (size_t k = 0; k < ROWS; k++)
        cr_expect_float_eq(code[k], rintf(linear[k]), 0.0f, "row %zu: %g from %g", k, code[k],
                           linear[k]);
    cr_expect(o.link.caps->adc_rounds && !exact.link.caps->adc_rounds);
    optics_close(&o);
    optics_close(&exact);
}

/* Rows 0 and 1 too bright, row 2 just inside, row 3 dark. */
static void expect_saturation(const char *const *sets, uint32_t noise, double limit_code)
{
    struct optics o;
    struct pattern p;
    float code[ROWS];
    uint8_t flag[ROWS];
    uint32_t saturated = 0;
    optics_open(&o, noise, sets);
    pattern_fill(&p, &o, ROWS, SLOTS, 5);
    const uint16_t level[ROWS] = {4095, 3500, 2000, 0};
    for (size_t i = 0; i < ROWS * SLOTS; i++)
        p.weight[i] = level[i / SLOTS];
    for (size_t n = 0; n < SLOTS; n++)
        p.x[n] = 4095;
    const uint64_t slot0 = 0;
    const struct oac_activation_frame frame = {.windows = 1, .code = p.x, .slot0 = &slot0};
    play(&o, optics_load(&o, &p), &frame,
         &(struct oac_readouts){.code = code, .flag = flag, .saturated = &saturated});
    for (size_t k = 0; k < ROWS; k++)
        cr_expect_eq(flag[k], k < 2 ? OAC_FLAG_SATURATED : 0, "row %zu has flags %u", k,
                     flag[k]);
    cr_expect_eq(saturated, 2u, "%u saturated", saturated);
    cr_expect_float_eq(code[0], limit_code, 1e-6 * limit_code, "%g, expected %g", code[0],
                       limit_code);
    cr_expect_float_eq(code[1], limit_code, 1e-6 * limit_code, "%g, expected %g", code[1],
                       limit_code);
    cr_expect_lt(code[2], limit_code);
    uint32_t again = 0;
    float same[ROWS];
    play(&o, optics_load(&o, &p), &frame,
         &(struct oac_readouts){.code = same, .saturated = &again});
    cr_expect_eq(again, 2u, "without flags %u saturated", again);
    cr_expect_arr_eq(code, same, sizeof code);
    optics_close(&o);
}

/* 48 slots of 9824 electrons are 75.6 mV on 1 pF at full light; row 1 64, row 2 36 mV. */
Test(analytic_play, a_converter_out_of_range_is_flagged)
{
    const char *sets[] = {"adc.bits=10", "adc.full_scale_v=0.05", NULL};
    expect_saturation(sets, OAC_NOISE_ADC, 1023.0);
}

Test(analytic_play, a_saturated_integrator_is_flagged)
{
    const char *sets[] = {"adc.bits=10", "adc.full_scale_v=0.5", "receiver.saturation_v=0.05",
                          NULL};
    expect_saturation(sets, OAC_NOISE_NONE, 0.05 / 0.5 * 1023.0);
}

Test(analytic_play, the_account_adds_up)
{
    const char *sets[] = {"guard_slots=6", "preamble_slots=20", "weight_modulator.er_db=12",
                          NULL};
    static struct batch b;
    batch_fill(&b, 0);
    struct optics o;
    struct pattern p;
    struct oac_account account;
    struct oac_frame_light light;
    struct oac_err err;
    float code[WINDOWS * ROWS];
    double photons[WINDOWS], detected = 0.0, launch = 0.0;
    optics_open(&o, OAC_NOISE_SHOT, sets);
    uint32_t handle = load(&o, &p, 0);
    cr_assert_eq(o.link.ops->light(o.link.self, handle, &light, &err), OAC_OK);
    o.link.ops->account(o.link.self, &account);
    cr_expect_eq(account.windows, 0u);
    struct oac_activation_frame frame = dense(&b);
    for (int i = 0; i < 3; i++) {
        play(&o, handle, &frame, &(struct oac_readouts){.code = code, .photons = photons});
        for (size_t w = 0; w < WINDOWS; w++) {
            detected += photons[w];
            launch += (double)b.launch[w];
        }
    }
    o.link.ops->account(o.link.self, &account);
    cr_expect_eq(account.windows, 3u * WINDOWS);
    cr_expect_eq(account.slots, 3u * WINDOWS * (SLOTS + 6u));
    cr_expect_eq(account.preambles, 3u);
    double bench_s = (3.0 * WINDOWS * (SLOTS + 6.0) + 3.0 * 20.0) * 1e-9;
    cr_expect_float_eq(account.bench_s, bench_s, 1e-9 * bench_s);
    cr_expect_float_eq(account.detected_photons, detected, 1e-9 * detected);
    cr_expect_float_eq(account.launched_j, launch * light.launched_j,
                       1e-9 * account.launched_j);
    cr_expect_float_eq(account.client_in_j, launch * light.client_in_j,
                       1e-9 * account.client_in_j);
    optics_close(&o);
}

/* A dead time takes at most its product with the rate: 2.4e9 photons a second and 1 fs, 2.4e-6, far below what
 * V_pi following the wavelength does to the outer rows. */
Test(analytic_play, rows_behind_a_dead_time_see_the_client_at_their_own_wavelength)
{
    static const char *const tracking[] = {"detector.kind=counting",
                                           "receiver.kind=counter",
                                           "laser.power_dbm=-65",
                                           "slot_rate_hz=1e6",
                                           "client_modulator.vpi_tracks_wavelength=yes",
                                           "laser.grid_hz=500e9",
                                           "detector.dead_time_s=1e-15",
                                           NULL};
    double with[ROWS_MAX], without[ROWS_MAX], same[ROWS_MAX];
    struct optics o;
    struct pattern p;
    for (int i = 0; i < 3; i++) {
        const char *sets[8];
        memcpy(sets, tracking, sizeof sets);
        if (i > 0)
            sets[6] = "detector.dead_time_s=0";
        if (i > 1)
            sets[4] = "client_modulator.vpi_tracks_wavelength=no";
        optics_open(&o, OAC_NOISE_NONE, sets);
        pattern_fill(&p, &o, 4, 32, 5);
        optics_electrons(&o, &p, 0, i == 0 ? with : i == 1 ? without : same);
        optics_close(&o);
    }
    for (size_t k = 0; k < 4; k++) {
        cr_expect_float_eq(with[k] / without[k], 1.0, 4e-6, "row %zu: %.9g", k,
                           with[k] / without[k]);
        cr_expect(k == 0 || k == 3 ? fabs(same[k] / without[k] - 1.0) > 1e-4 : 1);
    }
}
