/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the analytic engine cannot see, against closed forms: modulators that remember, dispersion, walk-off
 * (rows 7 and 8 of docs/physics.md). Golden numbers: mpmath 1.2 with 20 digits, from the formula beside each
 * and the constants of SI 2019; c = 299792458 m/s.
 * The light of one slot is read by a client that opens in that slot alone: an isolated weight
 * seen slot by slot. */
#include <complex.h>

#include "hal/modem.h"
#include "tests/sim/wave_link.h"

#define SLOTS 24
#define AT    8

/* response[d]: light in slot AT + d, d = 0 .. count-1, when every weight is `base` but that of slot AT. */
static void responses(struct optics *o, uint16_t base, uint16_t peak, size_t count,
                      double *response)
{
    struct pattern p;
    pattern_fill(&p, o, 1, SLOTS, 1);
    for (size_t n = 0; n < SLOTS; n++)
        p.weight[n] = base;
    p.weight[AT] = peak;
    for (size_t d = 0; d < count; d++) {
        wave_one_hot(&p, o, AT + d);
        optics_electrons(o, &p, 0, &response[d]);
    }
}

/* ---- row 8: one pole of 20 GHz ---- */

#define POLE                                                                        \
    "channels=1", "guard_slots=16", "weight_modulator.bandwidth_hz=20e9",           \
        "weight_dac.bits=16", "client_dac.bits=16", "receiver.capacitance_f=1e-14", \
        "laser.power_dbm=0"

/* leak[d] of a weight's full swing from dark to open and back, light(d)/light of steady full weights:
 *     (1/T) int_0^T sin^2( (pi/2) (1-E) E^d e^{-t/tau} ) dt, d+1 slots later */
static void full_swing(const char *rate, const char *samples, const double leak[3],
                       double tolerance)
{
    const char *sets[] = {POLE, rate, samples, NULL};
    struct optics o;
    double light[4], settled[1];
    wave_open(&o, OAC_NOISE_NONE, sets, false);
    wave_unskew(&o);
    responses(&o, 0, 65535, 4, light);
    responses(&o, 65535, 65535, 1, settled);
    for (size_t d = 0; d < 3; d++)
        cr_expect_float_eq(light[d + 1] / settled[0], leak[d], tolerance * leak[0],
                           "%s, %s, %zu slots later: %.8g, expected %.8g", rate, samples, d + 1,
                           light[d + 1] / settled[0], leak[d]);
    optics_close(&o);
}

/* A sample is the transmission of its mean voltage: of the leak, which is quadratic in the voltage, that
 * misses (dt/tau)^2/12: at 256 samples 2e-4 at 10 GBd and less above. */
Test(wave_closed_forms, an_isolated_full_swing_weight_leaks_as_row_8_says)
{
    const double at_10[] = {0.06558260593, 1.19395e-12, 1.4520e-23};
    const double at_20[] = {0.13086759496, 6.8217968642e-7, 2.378997514e-12};
    const double at_40[] = {0.24762102104, 6.6960581805e-4, 1.25132989e-6};
    full_swing("slot_rate_hz=10e9", "wave.samples_per_slot=256", at_10, 4e-4);
    full_swing("slot_rate_hz=20e9", "wave.samples_per_slot=256", at_20, 4e-4);
    full_swing("slot_rate_hz=40e9", "wave.samples_per_slot=256", at_40, 4e-4);
}

/* Of a small swing about the middle, where transmission is linear in the voltage:
 *     own 1 - (tau/T)(1-E), next (tau/T)(1-E)^2, every later one times E.
 * A hundredth of V_pi misses linearity by (pi/100)^2/6 = 1.6e-4; the mean voltage of a sample is exact. */
static void small_swing(const char *rate, const char *samples, const double part[4])
{
    const char *sets[] = {POLE, rate, samples, NULL};
    struct optics o;
    double light[4], base[4], settled[1], rest[1];
    const uint16_t low = 32768 - 328, high = 32768 + 328;
    wave_open(&o, OAC_NOISE_NONE, sets, false);
    wave_unskew(&o);
    responses(&o, low, high, 4, light);
    responses(&o, low, low, 4, base);
    responses(&o, high, high, 1, settled);
    responses(&o, low, low, 1, rest);
    for (size_t d = 0; d < 4; d++) {
        double found = (light[d] - base[d]) / (settled[0] - rest[0]);
        /* differences of single-precision readouts: a part in 1e7 of 30 times the swing */
        cr_expect_float_eq(found, part[d], 3e-4 * part[d] + 2e-5,
                           "%s, %s, %zu slots later: %.8g, expected %.8g", rate, samples, d,
                           found, part[d]);
    }
    optics_close(&o);
}

Test(wave_closed_forms, a_small_swing_leaks_as_row_8_says_and_then_by_the_same_part_each_slot)
{
    const double at_10[] = {0.92042280597, 0.07957691652, 2.7751195e-7, 9.68e-13};
    const double at_20[] = {0.84114226965, 0.15856107264, 2.9610372262e-4, 5.52956745e-7};
    const double at_80[] = {0.49572047621, 0.39945011002, 0.08303751964, 0.01726180450};
    small_swing("slot_rate_hz=10e9", "wave.samples_per_slot=8", at_10);
    small_swing("slot_rate_hz=20e9", "wave.samples_per_slot=8", at_20);
    small_swing("slot_rate_hz=80e9", "wave.samples_per_slot=8", at_80);
    small_swing("slot_rate_hz=80e9", "wave.samples_per_slot=32", at_80);
}

/* The client's pole leaks its data into later weights in the same way: an isolated open slot of the client,
 * seen by weights that are open in one slot alone. */
Test(wave_closed_forms, the_clients_pole_leaks_into_later_weights)
{
    const char *sets[] = {
        "channels=1",         "client_modulator.bandwidth_hz=20e9", "weight_dac.bits=16",
        "client_dac.bits=16", "receiver.capacitance_f=1e-14",       "laser.power_dbm=0",
        "slot_rate_hz=20e9",  "wave.samples_per_slot=256",          NULL};
    const double leak[] = {0.86883491784, 0.13086759496};
    struct optics o;
    struct pattern p;
    double settled, light;
    wave_open(&o, OAC_NOISE_NONE, sets, false);
    wave_unskew(&o);
    pattern_fill(&p, &o, 1, SLOTS, 1);
    for (size_t d = 0; d < 2; d++) {
        memset(p.weight, 0, sizeof p.weight);
        p.weight[AT + d] = 65535;
        for (size_t n = 0; n < SLOTS; n++)
            p.x[n] = 65535;
        optics_electrons(&o, &p, 0, &settled);
        wave_one_hot(&p, &o, AT);
        optics_electrons(&o, &p, 0, &light);
        cr_expect_float_eq(light / settled, leak[d], 4e-4 * leak[1],
                           "%zu slots later: %.8g, expected %.8g", d, light / settled, leak[d]);
    }
    optics_close(&o);
}

/* ---- row 7: 86 km of 17 ps/(nm km) ---- */

/* Two lines 3 THz apart: L D (lambda_0 - lambda_1) = 35.15625 ns. Where an isolated weight arrives: the centre
 * of gravity of its light over the client's slots. */
Test(wave_closed_forms, lines_3_thz_apart_walk_off_by_35_ns)
{
    const char *sets[] = {"channels=2",
                          "guard_slots=64",
                          "laser.grid_hz=3e12",
                          "fiber.length_m=86e3",
                          "fiber.dispersion_ps_nm_km=17",
                          "fiber.precompensate=no",
                          NULL};
    struct optics o;
    struct pattern p;
    double sum[2] = {0.0}, first[2] = {0.0};
    wave_open(&o, OAC_NOISE_NONE, sets, false);
    wave_unskew(&o);
    pattern_fill(&p, &o, 2, 64, 1);
    memset(p.weight, 0, sizeof p.weight);
    p.weight[32] = p.weight[64 + 32] = 4095;
    for (size_t n = 0; n < 64; n++) {
        double e[2];
        wave_one_hot(&p, &o, n);
        optics_electrons(&o, &p, 0, e);
        for (size_t k = 0; k < 2; k++) {
            sum[k] += e[k];
            first[k] += (double)n * e[k];
        }
    }
    double late_ns = first[0] / sum[0] - first[1] / sum[1]; /* slots of 1 ns */
    cr_expect_float_eq(late_ns, 35.15625, 0.02 * 35.1, "%g ns", late_ns);
    /* An edge that cuts a sample is seen as the transmission of its mean voltage, f as sin^2(pi f/2): up to 0.106
     * samples of 1/8 ns off, on either line. */
    cr_expect_float_eq(late_ns, 35.15625, 0.027, "%g ns", late_ns);
    const struct oac_modem_alignment *found = oac_modem_alignment(&o.link);
    double heard_ns = 1e9 * (found->delay_s[0] - found->delay_s[1]);
    cr_expect_float_eq(heard_ns, 35.15625, 0.02 * 35.1, "the modem hears %g ns", heard_ns);
    optics_close(&o);
}

/* A tone of f on the weights: what of its amplitude is left behind the fiber. */
#define TONE_SLOTS 128
#define TONE_FIRST \
    14 /* 100 slots in the middle: dispersion spreads a tone of 7 GHz by 4 slots */

struct tone {
    double hz;
    double complex before, after;
};

static double complex amplitude(const struct oac_waveform_point *point, double hz)
{
    double complex sum = 0.0;
    double slot_s = 8.0 / point->rate_hz, from_s = TONE_FIRST * slot_s,
           to_s = from_s + 100.0 * slot_s;
    size_t counted = 0;
    for (size_t i = 0; i < point->samples; i++) {
        double t = point->start_s + ((double)i + 0.5) / point->rate_hz;
        double re = (double)point->value[2 * i], im = (double)point->value[2 * i + 1];
        if (t < from_s || t > to_s)
            continue;
        sum += (re * re + im * im) * cexp(-2.0 * OAC_PI * I * hz * t);
        counted++;
    }
    return 2.0 * sum / (double)counted;
}

static void hear_tone(void *context, const struct oac_waveform_point *point)
{
    struct tone *tone = context;
    if (point->slot0 >= WAVE_SYNC_SLOT0)
        return;
    if (strcmp(point->name, "weight.field") == 0)
        tone->before = amplitude(point, tone->hz);
    if (strcmp(point->name, "fiber.field") == 0)
        tone->after = amplitude(point, tone->hz);
}

/* cos(pi lambda^2 D L f^2/c): of both signs, since nothing else turns the tone's phase. */
static double faded(struct optics *o, double hz)
{
    struct pattern p;
    struct tone tone = {.hz = hz};
    double e[1];
    pattern_fill(&p, o, 1, TONE_SLOTS, 1);
    for (size_t n = 0; n < TONE_SLOTS; n++) {
        double angle = 2.0 * OAC_PI * hz * ((double)n + 0.5) / o->rig.slot_rate_hz;
        p.weight[n] = (uint16_t)lrint(32768.0 + 650.0 * sin(angle));
        p.x[n] = 65535;
    }
    oac_waveform_set_tap(oac_modem_stream(&o->link), hear_tone, &tone);
    optics_electrons(o, &p, 0, e);
    double complex ratio = tone.after / tone.before;
    cr_expect_float_eq(cimag(ratio), 0.0, 0.01, "%g Hz: turned by %g", hz, carg(ratio));
    return creal(ratio);
}

/* First null of chirp-free light sqrt(c/(2 D L lambda^2)) = 6.53217 GHz, lambda = c/193.4 THz. */
Test(wave_closed_forms, chirp_free_light_fades_to_nothing_at_6_53_ghz)
{
    const char *sets[] = {"channels=1",
                          "slot_rate_hz=25e9",
                          "fiber.length_m=86e3",
                          "fiber.dispersion_ps_nm_km=17",
                          "weight_dac.bits=16",
                          "client_dac.bits=16",
                          NULL};
    const double null_ghz = 6.532169329;
    struct optics o;
    double before = 1.0, found_ghz = 0.0;
    wave_open(&o, OAC_NOISE_NONE, sets, false);
    for (int i = 4; i <= 36; i += 2) { /* a whole number of periods in 100 slots */
        double ghz = 0.25 * i, left = faded(&o, 1e9 * ghz);
        double expected = cos(0.5 * OAC_PI * ghz * ghz / (null_ghz * null_ghz));
        cr_expect_float_eq(left, expected, 0.01, "%g GHz: %g, expected %g", ghz, left,
                           expected);
        if (before > 0.0 && left <= 0.0)
            found_ghz = ghz - 0.5 * left / (left - before);
        before = left;
    }
    cr_expect_float_eq(found_ghz, 6.53, 0.02 * 6.53, "null at %g GHz", found_ghz);
    optics_close(&o);
}
