/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/wave_link.h"

struct scene { /* what all slots of a row share */
    const struct oac_rig *rig;
    const struct pattern *p;
    uint32_t noise;
    double sigma_w_v, sigma_x_v;
    double plus, minus; /* responsivities of the two detectors; minus 0: not read */
    double white, slow; /* variance of h and of g */
    double ase, modes;  /* electrons per slot and mode, modes */
    bool gated;         /* the client's modulator acts on the ASE */
};

struct slot_light {         /* of one slot at a row's detectors, before the client */
    double mean, variance;  /* of A */
    double total;           /* both detectors' */
    double laser[ROWS_MAX]; /* mean of A by independent laser; a shared one is the first */
    double ase_beat, ase_self, ase_mean, ase_total; /* signal-ASE, ASE-ASE; difference, sum */
};

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

static struct scene scene_of(const struct optics *o, const struct pattern *p, uint32_t noise)
{
    const struct oac_rig *rig = &o->rig;
    double half = 0.5 * rig->detector.pair_mismatch;
    struct scene s = {.rig = rig, .p = p, .noise = noise, .plus = 1.0 + half};
    s.minus = p->differential ? 1.0 - half : 0.0;
    if (noise & OAC_NOISE_DRIVE) {
        s.sigma_w_v = drive_sigma_v(&rig->weight_dac, &rig->weight_modulator);
        s.sigma_x_v = drive_sigma_v(&rig->client_dac, &rig->client_modulator);
    }
    if (noise & OAC_NOISE_RIN) {
        double rin = ratio_db(rig->laser.rin_db_per_hz);
        double window_hz = rig->slot_rate_hz / (double)p->slots;
        s.white = 0.5 * rin * rig->slot_rate_hz;
        s.slow =
            rin * rig->laser.rin_corner_hz * fmax(log(window_hz / rig->laser.rin_min_hz), 0.0);
    }
    s.gated = rig->amplifier.position == OAC_AMPLIFIER_BEFORE_CLIENT;
    s.modes = ase_modes(rig);
    return s;
}

static void add_line(const struct scene *s, size_t k, size_t j, size_t n,
                     struct slot_light *light)
{
    const struct oac_rig *rig = s->rig;
    const struct oac_rig_modulator *m = &rig->weight_modulator;
    double full = (double)s->p->launch * full_electrons(rig, k, j), t, variance;
    uint16_t code = j < s->p->rows ? s->p->weight[j * s->p->slots + n] : 0;
    mzm_moments(m, dac_v(&rig->weight_dac, code), s->sigma_w_v, &t, &variance);
    double other = mzm_complement_t(m, t), both = s->plus + s->minus;
    double d = full * (s->plus * t - s->minus * other);
    double own = full * full * both * both * variance;
    light->laser[rig->laser.shared ? 0 : j] += d;
    light->mean += d;
    light->total += full * (s->plus * t + s->minus * other);
    light->ase_beat += full * (s->plus * s->plus * t + s->minus * s->minus * other);
    if (rig->laser.shared)
        light->variance += own; /* of the sum; its factors come later */
    else
        light->variance += (1.0 + s->slow) * (1.0 + s->white) * (d * d + own) - d * d;
}

static struct slot_light slot_of(const struct scene *s, size_t k, size_t n)
{
    struct slot_light light = {0};
    double e = ase_electrons(s->rig, k);
    bool noisy = (s->noise & OAC_NOISE_ASE) != 0;
    for (size_t j = 0; j < (size_t)s->rig->channels; j++)
        add_line(s, k, j, n, &light);
    if (s->rig->laser.shared) {
        double squared = light.mean * light.mean;
        light.variance =
            (1.0 + s->slow) * (1.0 + s->white) * (squared + light.variance) - squared;
    }
    light.ase_mean = (s->plus - s->minus) * e * s->modes;
    light.ase_total = (s->plus + s->minus) * e * s->modes;
    light.ase_beat *= noisy ? 2.0 * e : 0.0;
    light.ase_self = noisy ? (s->plus * s->plus + s->minus * s->minus) * e * e * s->modes : 0.0;
    return light;
}

/* Receiver and converter, of one conversion, output electrons squared. */
static double electronics(const struct scene *s)
{
    const struct oac_rig *rig = s->rig;
    const double q = OAC_ELEMENTARY_CHARGE_C;
    bool tia = rig->receiver.kind == OAC_RECEIVER_TIA;
    double e_per_v = tia ? 1.0 / (rig->receiver.gain_v_per_a * q * rig->slot_rate_hz)
                         : rig->receiver.capacitance_f / q;
    double variance = 0.0, read_e = rig->receiver.read_noise_v * e_per_v;
    if (s->noise & OAC_NOISE_THERMAL && tia)
        variance += pow(rig->receiver.in_a_per_rthz / q, 2.0) / (2.0 * rig->slot_rate_hz);
    if (s->noise & OAC_NOISE_THERMAL && !tia && !rig->receiver.cds)
        variance +=
            OAC_BOLTZMANN_J_PER_K * rig->temperature_k * rig->receiver.capacitance_f / (q * q);
    if (s->noise & OAC_NOISE_READ)
        variance += read_e * read_e * (rig->receiver.cds && !tia ? 2.0 : 1.0);
    if (s->noise & OAC_NOISE_ADC) {
        double lsb_e =
            rig->adc.full_scale_v / (pow(2.0, (double)rig->adc.bits) - 1.0) * e_per_v;
        variance +=
            lsb_e * lsb_e * (1.0 / 12.0 + enob_lsb2((double)rig->adc.bits, rig->adc.enob_bits));
    }
    return variance;
}

struct light_sums {                 /* of one row over the slots, electrons before gain */
    double mean, variance, counted; /* counted: both detectors', which shot noise follows */
    double line[ROWS_MAX], line2[ROWS_MAX]; /* sum and sum of squares, by independent laser */
};

static void add_slot(const struct scene *s, size_t k, size_t n, struct light_sums *sums)
{
    struct slot_light light = slot_of(s, k, n);
    double x, vx;
    mzm_moments(&s->rig->client_modulator, dac_v(&s->rig->client_dac, s->p->x[n]), s->sigma_x_v,
                &x, &vx);
    double x2 = x * x + vx, a = light.mean;
    if (s->gated) {
        a += light.ase_mean;
        sums->counted += x * light.ase_total;
        sums->variance += x2 * (light.ase_beat + light.ase_self);
    } else {
        sums->mean += light.ase_mean;
        sums->counted += light.ase_total;
        sums->variance += x * light.ase_beat + light.ase_self;
    }
    sums->mean += x * a;
    sums->counted += x * light.total;
    sums->variance += x2 * (light.variance + a * a) - x * x * a * a;
    for (size_t j = 0; j < ROWS_MAX; j++) {
        sums->line[j] += x * light.laser[j];
        sums->line2[j] += x * x * light.laser[j] * light.laser[j];
    }
}

static void row_moments(const struct scene *s, size_t k, double *mean, double *variance)
{
    const struct oac_rig *rig = s->rig;
    struct light_sums sums = {0};
    for (size_t n = 0; n < s->p->slots; n++)
        add_slot(s, k, n, &sums);
    for (size_t j = 0; j < ROWS_MAX; j++) /* pairs of slots apart share the window's gain */
        sums.variance += s->slow * (sums.line[j] * sums.line[j] - sums.line2[j]);
    const double m = rig->detector.gain, slots = (double)s->p->slots;
    double detectors = s->p->differential ? 2.0 : 1.0, dark = slots * dark_electrons(rig);
    double surface =
        slots * rig->detector.surface_dark_a / (OAC_ELEMENTARY_CHARGE_C * rig->slot_rate_hz);
    *mean = m * sums.mean + (s->p->differential ? 0.0 : m * dark + surface);
    *variance = m * m * sums.variance;
    if (rig->receiver.kind == OAC_RECEIVER_TIA)
        *variance += slots * electronics(s);
    if (rig->receiver.kind == OAC_RECEIVER_INTEGRATOR)
        *variance += electronics(s);
    if (s->noise & OAC_NOISE_SHOT)
        *variance += m * m * rig->detector.excess_noise * (sums.counted + detectors * dark) +
                     detectors * surface;
}

void wave_moments(const struct optics *o, const struct pattern *p, uint32_t noise, double *mean,
                  double *variance)
{
    const struct scene s = scene_of(o, p, noise);
    for (size_t k = 0; k < p->rows; k++)
        row_moments(&s, k, &mean[k], &variance[k]);
}
