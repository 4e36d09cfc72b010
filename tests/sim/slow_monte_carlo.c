/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/monte_carlo.h"

#define MARGIN_MAX 16 /* slots kept before and after the window, for light that walked off */

struct window { /* one window in the making */
    const struct mc_scene *scene;
    const struct oac_rig *rig;
    struct dice dice;
    size_t rows, slots, steps, lines, margin, extended; /* extended = slots + 2 margin */
    long late[ROWS_MAX], flight[ROWS_MAX]; /* steps: weights' delay, and light's own */
    double sigma_w_v, sigma_x_v;
    double volts_w[ROWS_MAX][SLOTS_MAX + 2 * MARGIN_MAX], volts_x[SLOTS_MAX];
    double tw[ROWS_MAX][SLOTS_MAX + 2 * MARGIN_MAX]; /* the first output */
    double tx[ROWS_MAX][SLOTS_MAX];                  /* at each detector's wavelength */
    double *hum[ROWS_MAX]; /* relative intensity noise on the grid, or NULL */
    double gain[ROWS_MAX]; /* of the window, per line */
    double plus[ROWS_MAX][SLOTS_MAX], minus[ROWS_MAX][SLOTS_MAX];
};

static bool on(const struct window *w, enum oac_noise noise)
{
    return (w->scene->noise & (uint32_t)noise) != 0;
}

static double enob_lsb2(double bits, double enob)
{
    return isinf(enob) ? 0.0 : (pow(4.0, bits - enob) - 1.0) / 12.0;
}

static double drive_sigma_v(const struct oac_rig_dac *dac, const struct oac_rig_modulator *m)
{
    double lsb_v = dac_v(dac, 1.0) - dac_v(dac, 0.0);
    return sqrt(m->drive_noise_v * m->drive_noise_v +
                lsb_v * lsb_v * enob_lsb2((double)dac->bits, dac->enob_bits));
}

/* Delay of line j against the band's centre, in steps. */
static double flight_steps(const struct window *w, size_t j)
{
    const struct oac_rig *rig = w->rig;
    double apart_m = OAC_LIGHT_SPEED_M_PER_S / line_hz(rig, j) -
                     OAC_LIGHT_SPEED_M_PER_S / rig->laser.center_hz;
    double d_s_per_m2 = 1e-6 * rig->fiber.dispersion_ps_nm_km;
    double s_s_per_m3 = 1e3 * rig->fiber.slope_ps_nm2_km;
    double delay_s =
        rig->fiber.length_m * (d_s_per_m2 * apart_m + 0.5 * s_s_per_m3 * apart_m * apart_m);
    return delay_s * rig->slot_rate_hz * (double)w->steps;
}

static void delays(struct window *w)
{
    for (size_t j = 0; j < w->lines; j++) {
        double steps = flight_steps(w, j);
        cr_assert(fabs(steps - rint(steps)) < 1e-3, "line %zu is %g steps late", j, steps);
        w->flight[j] = lrint(steps);
        w->late[j] = w->rig->fiber.precompensate ? 0 : w->flight[j];
        size_t slots = ((size_t)labs(w->flight[j]) + w->steps - 1) / w->steps;
        w->margin = slots > w->margin ? slots : w->margin;
    }
    cr_assert_leq(w->margin, MARGIN_MAX);
    w->extended = w->slots + 2 * w->margin;
}

static void drive_volts(struct window *w)
{
    const struct pattern *p = w->scene->pattern;
    for (size_t j = 0; j < w->lines; j++)
        for (size_t e = 0; e < w->extended; e++) {
            bool inside = j < p->rows && e >= w->margin && e < w->margin + w->slots;
            w->volts_w[j][e] =
                dac_v(&w->rig->weight_dac, inside ? p->weight[j * p->slots + e - w->margin]
                                                  : w->scene->weight_guard);
            w->tw[j][e] = mzm_t(&w->rig->weight_modulator, w->volts_w[j][e], 1.0);
        }
    for (size_t n = 0; n < w->slots; n++) {
        w->volts_x[n] = dac_v(&w->rig->client_dac, p->x[n]);
        for (size_t k = 0; k < w->rows; k++)
            w->tx[k][n] =
                mzm_t(&w->rig->client_modulator, w->volts_x[n], client_vpi_scale(w->rig, k));
    }
}

static void window_init(struct window *w, const struct mc_scene *scene, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    w->scene = scene;
    w->rig = &scene->optics->rig;
    w->rows = scene->pattern->rows;
    w->slots = scene->pattern->slots;
    w->steps = scene->steps;
    w->lines = (size_t)w->rig->channels;
    dice_seed(&w->dice, seed);
    delays(w);
    drive_volts(w);
    for (size_t j = 0; j < w->lines; j++)
        w->gain[j] = 1.0;
    if (on(w, OAC_NOISE_DRIVE)) {
        w->sigma_w_v = drive_sigma_v(&w->rig->weight_dac, &w->rig->weight_modulator);
        w->sigma_x_v = drive_sigma_v(&w->rig->client_dac, &w->rig->client_modulator);
    }
    if (on(w, OAC_NOISE_RIN) && !isinf(w->rig->laser.rin_db_per_hz))
        for (size_t j = 0; j < w->lines; j++)
            w->hum[j] = calloc(w->extended * w->steps, sizeof(double));
}

static void window_fini(struct window *w)
{
    for (size_t j = 0; j < ROWS_MAX; j++)
        free(w->hum[j]);
}

static void draw_modulators(struct window *w)
{
    if (w->sigma_w_v > 0.0)
        for (size_t j = 0; j < w->lines; j++)
            for (size_t e = 0; e < w->extended; e++)
                w->tw[j][e] =
                    mzm_t(&w->rig->weight_modulator,
                          w->volts_w[j][e] + w->sigma_w_v * dice_normal(&w->dice), 1.0);
    if (!(w->sigma_x_v > 0.0))
        return;
    for (size_t n = 0; n < w->slots;
         n++) { /* one client modulator: one voltage for all lines */
        double v = w->volts_x[n] + w->sigma_x_v * dice_normal(&w->dice);
        double t = mzm_t(&w->rig->client_modulator, v, 1.0);
        for (size_t k = 0; k < w->rows; k++)
            w->tx[k][n] = w->rig->client_modulator.vpi_tracks_wavelength
                              ? mzm_t(&w->rig->client_modulator, v, client_vpi_scale(w->rig, k))
                              : t;
    }
}

static void draw_lasers(struct window *w)
{
    if (!w->hum[0])
        return;
    const struct oac_rig *rig = w->rig;
    double rin = ratio_db(rig->laser.rin_db_per_hz);
    double sigma = sqrt(0.5 * rin * rig->slot_rate_hz * (double)w->steps);
    double window_hz = rig->slot_rate_hz / (double)w->slots;
    double slow = sqrt(rin * rig->laser.rin_corner_hz *
                       fmax(log(window_hz / rig->laser.rin_min_hz), 0.0));
    for (size_t j = 0; j < w->lines; j++) {
        bool copy = rig->laser.shared && j > 0;
        w->gain[j] = copy ? w->gain[0] : 1.0 + slow * dice_normal(&w->dice);
        for (size_t i = 0; i < w->extended * w->steps; i++)
            w->hum[j][i] = copy ? w->hum[0][i] : sigma * dice_normal(&w->dice);
    }
}

/* Light that line j brings onto detector k during slot n, as electrons, both outputs of the modulator. */
static void add_light(struct window *w, size_t k, size_t j, size_t n, double full)
{
    for (size_t step = 0; step < w->steps; step++) {
        long i = (long)(n * w->steps + step) + (long)(w->margin * w->steps);
        double t = w->tw[j][(size_t)(i - w->late[j]) / w->steps];
        double power = full / (double)w->steps * w->gain[j] * w->tx[k][n];
        if (w->hum[j])
            power *= 1.0 + w->hum[j][i - w->flight[j]];
        w->plus[k][n] += power * t;
        if (w->scene->pattern->differential)
            w->minus[k][n] += power * mzm_complement_t(&w->rig->weight_modulator, t);
    }
}

static void light(struct window *w)
{
    double half = 0.5 * w->rig->detector.pair_mismatch;
    for (size_t k = 0; k < w->rows; k++) {
        memset(w->plus[k], 0, sizeof w->plus[k]);
        memset(w->minus[k], 0, sizeof w->minus[k]);
        for (size_t j = 0; j < w->lines; j++) {
            double full = (double)w->scene->pattern->launch * full_electrons(w->rig, k, j);
            for (size_t n = 0; full > 0.0 && n < w->slots; n++)
                add_light(w, k, j, n, full);
        }
        for (size_t n = 0; n < w->slots; n++) {
            w->plus[k][n] *= 1.0 + half;
            w->minus[k][n] *= 1.0 - half;
        }
    }
}

/* Electrons of one slot with the amplifier's own light: fields add in one mode, powers in the others. */
static double with_ase(struct window *w, size_t k, size_t n, double mu, double responsivity)
{
    double s = responsivity * ase_electrons(w->rig, k), modes = ase_modes(w->rig);
    if (!(s > 0.0))
        return mu;
    if (w->rig->amplifier.position == OAC_AMPLIFIER_BEFORE_CLIENT)
        s *= w->tx[k][n];
    if (!on(w, OAC_NOISE_ASE))
        return mu + s * modes;
    double re = sqrt(mu) + sqrt(0.5 * s) * dice_normal(&w->dice);
    double im = sqrt(0.5 * s) * dice_normal(&w->dice);
    return re * re + im * im + s * dice_gamma(&w->dice, modes - 1.0);
}

/* Output electrons of an expected number of primaries, dark ones included. */
static double detect(struct window *w, double primaries, double surface)
{
    const double m = w->rig->detector.gain, f = w->rig->detector.excess_noise;
    if (!on(w, OAC_NOISE_SHOT))
        return m * primaries + surface;
    double n = dice_poisson(&w->dice, primaries);
    surface = dice_poisson(&w->dice, surface);
    if (f > 1.0) /* each primary becomes Gamma-many: mean M, mean square F M^2 */
        return m * (f - 1.0) * dice_gamma(&w->dice, n / (f - 1.0)) + surface;
    return m * n + surface;
}

/* One detector over slots from .. to. */
static double detector(struct window *w, size_t k, const double *mu, double responsivity,
                       size_t from, size_t to)
{
    double primaries = 0.0;
    for (size_t n = from; n < to; n++)
        primaries += with_ase(w, k, n, mu[n], responsivity) + dark_electrons(w->rig);
    double surface = (double)(to - from) * w->rig->detector.surface_dark_a /
                     (OAC_ELEMENTARY_CHARGE_C * w->rig->slot_rate_hz);
    return detect(w, primaries, surface);
}

/* One conversion of what fell on channel k during slots from .. to. */
static double convert(struct window *w, size_t k, size_t from, size_t to)
{
    const struct oac_rig *rig = w->rig;
    const double q = OAC_ELEMENTARY_CHARGE_C, half = 0.5 * rig->detector.pair_mismatch;
    double e = detector(w, k, w->plus[k], 1.0 + half, from, to);
    if (w->scene->pattern->differential)
        e -= detector(w, k, w->minus[k], 1.0 - half, from, to);
    bool tia = rig->receiver.kind == OAC_RECEIVER_TIA;
    double volts_per_e = tia ? rig->receiver.gain_v_per_a * q * rig->slot_rate_hz
                             : q / rig->receiver.capacitance_f;
    double thermal_e =
        tia ? rig->receiver.in_a_per_rthz / q * sqrt(0.5 / rig->slot_rate_hz)
            : sqrt(OAC_BOLTZMANN_J_PER_K * rig->temperature_k * rig->receiver.capacitance_f) /
                  q;
    double reset_e = on(w, OAC_NOISE_THERMAL) ? thermal_e * dice_normal(&w->dice) : 0.0;
    double read_v = on(w, OAC_NOISE_READ) ? rig->receiver.read_noise_v : 0.0;
    double v = volts_per_e * (e + reset_e) + read_v * dice_normal(&w->dice);
    v = fmax(-rig->receiver.saturation_v, fmin(rig->receiver.saturation_v, v));
    if (rig->receiver.cds && !tia) /* less a sample of the same reset, before the light */
        v -= volts_per_e * reset_e + read_v * dice_normal(&w->dice);
    double top = pow(2.0, (double)rig->adc.bits) - 1.0;
    double code = (v - rig->adc.min_v) / (rig->adc.full_scale_v / top);
    if (!on(w, OAC_NOISE_ADC))
        return code;
    code += sqrt(enob_lsb2((double)rig->adc.bits, rig->adc.enob_bits)) * dice_normal(&w->dice);
    return fmax(0.0, fmin(top, floor(code + 0.5)));
}

/* Every arrival in turn; a detector that fired is blind for a while, wherever in the window. */
static double count(struct window *w, size_t k)
{
    double slot_s = 1.0 / w->rig->slot_rate_hz, blind_until = 0.0, counts = 0.0;
    for (size_t n = 0; n < w->slots; n++) {
        double rate = (w->plus[k][n] + dark_electrons(w->rig)) / slot_s,
               end = (double)(n + 1) * slot_s;
        double t = (double)n * slot_s;
        while (rate > 0.0) {
            t -= log(dice_uniform(&w->dice)) / rate;
            if (t >= end)
                break;
            if (t >= blind_until) {
                counts += 1.0;
                blind_until = t + w->rig->detector.dead_time_s;
            }
        }
    }
    return counts;
}

static double readout(struct window *w, size_t k)
{
    if (w->rig->receiver.kind == OAC_RECEIVER_COUNTER)
        return count(w, k);
    if (w->rig->receiver.kind != OAC_RECEIVER_TIA)
        return convert(w, k, 0, w->slots);
    double sum = 0.0;
    for (size_t n = 0; n < w->slots; n++)
        sum += convert(w, k, n, n + 1);
    return sum;
}

void mc_play(const struct mc_scene *scene, uint64_t seed, size_t trials, double *code)
{
    struct window *w = malloc(sizeof *w);
    window_init(w, scene, seed);
    bool still = !(w->sigma_w_v > 0.0) && !(w->sigma_x_v > 0.0) && !w->hum[0];
    if (still)
        light(w);
    for (size_t trial = 0; trial < trials; trial++) {
        if (!still) {
            draw_modulators(w);
            draw_lasers(w);
            light(w);
        }
        for (size_t k = 0; k < w->rows; k++)
            code[trial * w->rows + k] = readout(w, k);
    }
    window_fini(w);
    free(w);
}

void mc_mean_light(const struct mc_scene *scene, double *plus, double *minus)
{
    struct window *w = malloc(sizeof *w);
    struct mc_scene quiet = *scene;
    quiet.noise = 0;
    window_init(w, &quiet, 0);
    light(w);
    for (size_t k = 0; k < w->rows; k++) {
        memcpy(plus + k * w->slots, w->plus[k], w->slots * sizeof *plus);
        if (minus)
            memcpy(minus + k * w->slots, w->minus[k], w->slots * sizeof *minus);
    }
    window_fini(w);
    free(w);
}
