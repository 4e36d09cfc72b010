/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Line "drive" of the variance table, for the weights' modulators and for the client's. */
#include "tests/sim/monte_carlo.h"

#define SLOTS 16
#define ROWS  4

struct drive_case {
    struct optics o;
    struct pattern p;
    struct mc_scene scene;
    struct sample engine, oracle;
};

static void play(struct drive_case *c, const char *const *sets, bool differential)
{
    optics_open(&c->o, OAC_NOISE_DRIVE, sets);
    pattern_fill(&c->p, &c->o, ROWS, SLOTS, 8);
    c->p.differential = differential;
    c->scene = (struct mc_scene){&c->o, &c->p, OAC_NOISE_DRIVE, 1, 0};
    both_play(&c->o, &c->scene, &c->engine, &c->oracle);
}

static void close_case(struct drive_case *c)
{
    sample_free(&c->engine);
    sample_free(&c->oracle);
    optics_close(&c->o);
    free(c);
}

static double weight_v(const struct drive_case *c, size_t j, size_t n)
{
    return dac_v(&c->o.rig.weight_dac, c->p.weight[j * SLOTS + n]);
}

/* Noise on the weights: each line's own; what one detector hears of it adds up over sources. */
static void weights(const char *const *sets, double sigma_v, bool differential,
                    const char *what)
{
    struct drive_case *c = calloc(1, sizeof *c);
    double mean[ROWS] = {0.0}, variance[ROWS] = {0.0};
    play(c, sets, differential);
    const struct oac_rig *rig = &c->o.rig;
    for (size_t k = 0; k < ROWS; k++)
        for (size_t j = 0; j < ROWS; j++)
            for (size_t n = 0; n < SLOTS; n++) {
                double t, v, x, none;
                mzm_moments(&rig->weight_modulator, weight_v(c, j, n), sigma_v, &t, &v);
                mzm_moments(&rig->client_modulator, dac_v(&rig->client_dac, c->p.x[n]), 0.0, &x,
                            &none);
                double full = full_electrons(rig, k, j) * x;
                double half = rig->detector.pair_mismatch / 2.0;
                double up = 1.0 + half, down = differential ? 1.0 - half : 0.0;
                mean[k] += full * (up * t - down * mzm_complement_t(&rig->weight_modulator, t));
                variance[k] += full * full * pow(up + down, 2.0) * v;
            }
    expect_agreement(&c->engine, &c->oracle, mean, variance, what);
    close_case(c);
}

/* Noise on the client: the same voltage for all lines. */
static void client(const char *const *sets, double sigma_v, bool differential, const char *what)
{
    struct drive_case *c = calloc(1, sizeof *c);
    double mean[ROWS] = {0.0}, of[ROWS][SLOTS];
    play(c, sets, differential);
    const struct oac_rig *rig = &c->o.rig;
    double t[SLOTS], v[SLOTS];
    for (size_t n = 0; n < SLOTS; n++)
        mzm_moments(&rig->client_modulator, dac_v(&rig->client_dac, c->p.x[n]), sigma_v, &t[n],
                    &v[n]);
    for (size_t k = 0; k < ROWS; k++)
        for (size_t n = 0; n < SLOTS; n++) {
            of[k][n] = 0.0;
            for (size_t j = 0; j < ROWS; j++) {
                double w = mzm_t(&rig->weight_modulator, weight_v(c, j, n), 1.0);
                if (differential)
                    w -= mzm_complement_t(&rig->weight_modulator, w);
                of[k][n] += full_electrons(rig, k, j) * w;
            }
            mean[k] += of[k][n] * t[n];
        }
    double covariance[ROWS][ROWS] = {{0.0}}, variance[ROWS];
    for (size_t k = 0; k < ROWS; k++)
        for (size_t l = 0; l < ROWS; l++)
            for (size_t n = 0; n < SLOTS; n++)
                covariance[k][l] += of[k][n] * of[l][n] * v[n];
    for (size_t k = 0; k < ROWS; k++)
        variance[k] = covariance[k][k];
    expect_agreement(&c->engine, &c->oracle, mean, variance, what);
    for (size_t k = 0; k + 1 < ROWS; k++)
        expect_covariance(&c->engine, &c->oracle, k, k + 1, covariance[k][k + 1], what);
    close_case(c);
}

Test(drive, noise_on_the_weights)
{
    const char *sets[] = {"weight_modulator.drive_noise_v=0.01", "weight_modulator.er_db=20",
                          "weight_modulator.il_db=4", NULL};
    weights(sets, 0.01, false, "weights");
}

Test(drive, strong_noise_on_the_weights_shifts_the_mean)
{
    const char *sets[] = {"weight_modulator.drive_noise_v=0.15", NULL};
    weights(sets, 0.15, false, "strong");
}

Test(drive, missing_effective_bits_of_the_weights_dac)
{
    const char *sets[] = {"weight_dac.bits=8", "weight_dac.enob_bits=5",
                          "weight_modulator.drive_noise_v=0.003", NULL};
    weights(sets, sqrt(0.003 * 0.003 + 63.0 / 12.0 / (255.0 * 255.0)), false, "weights' dac");
}

Test(drive, noise_on_the_weights_through_crosstalk)
{
    const char *sets[] = {"weight_modulator.drive_noise_v=0.02", "demux.adjacent_db=6",
                          "demux.nonadjacent_db=10", "demux.il_db=3", NULL};
    weights(sets, 0.02, false, "crosstalk");
}

Test(drive, noise_on_the_weights_of_a_pair_counts_on_both_outputs)
{
    const char *sets[] = {"weight_modulator.drive_noise_v=0.02",
                          "weight_modulator.dual_output=yes",
                          "detector.pair=yes",
                          "detector.pair_mismatch=0.1",
                          "adc.min_v=-0.5",
                          "weight_modulator.er_db=18",
                          NULL};
    weights(sets, 0.02, true, "pair");
}

Test(drive, noise_on_the_client_is_common_to_all_channels)
{
    const char *sets[] = {"client_modulator.drive_noise_v=0.02", "client_modulator.er_db=20",
                          "client_modulator.il_db=4", NULL};
    client(sets, 0.02, false, "client");
}

Test(drive, strong_noise_on_the_client_shifts_the_mean)
{
    const char *sets[] = {"client_modulator.drive_noise_v=0.15", NULL};
    client(sets, 0.15, false, "strong client");
}

Test(drive, missing_effective_bits_of_the_clients_dac)
{
    const char *sets[] = {"client_dac.bits=8", "client_dac.enob_bits=5", NULL};
    client(sets, sqrt(63.0 / 12.0 / (255.0 * 255.0)), false, "client's dac");
}

Test(drive, noise_on_the_client_through_crosstalk_and_pairs)
{
    const char *sets[] = {"client_modulator.drive_noise_v=0.02",
                          "demux.adjacent_db=6",
                          "demux.il_db=3",
                          "weight_modulator.dual_output=yes",
                          "detector.pair=yes",
                          "adc.min_v=-0.5",
                          NULL};
    client(sets, 0.02, true, "client, pair and crosstalk");
}

/* What a pair of channels on a wide grid makes of the same voltage: each has its own V_pi. */
Test(drive, noise_on_the_client_with_vpi_following_the_wavelength)
{
    const char *sets[] = {"client_modulator.drive_noise_v=0.02", "laser.grid_hz=2e12",
                          "client_modulator.vpi_tracks_wavelength=yes", NULL};
    struct drive_case *c = calloc(1, sizeof *c);
    play(c, sets, false);
    for (size_t k = 0; k < ROWS; k++) {
        double v = sample_covariance(&c->engine, k, k),
               vo = sample_covariance(&c->oracle, k, k);
        double e = hypot(sample_covariance_error(&c->engine, k, k),
                         sample_covariance_error(&c->oracle, k, k));
        cr_expect(fabs(v - vo) <= 4.0 * e, "row %zu: variance %g, expected %g +- %g", k, v, vo,
                  e);
    }
    close_case(c);
}

Test(drive, noises_on_the_weights_do_not_correlate_channels)
{
    const char *sets[] = {"weight_modulator.drive_noise_v=0.02", NULL};
    struct drive_case *c = calloc(1, sizeof *c);
    play(c, sets, false);
    for (size_t k = 0; k + 1 < ROWS; k++)
        expect_covariance(&c->engine, &c->oracle, k, k + 1, 0.0, "weights");
    close_case(c);
}

/* Product noise Var(Tw) Var(Tx) and all: weights and client together. */
Test(drive, noise_on_both)
{
    const char *sets[] = {"weight_modulator.drive_noise_v=0.05",
                          "client_modulator.drive_noise_v=0.05", NULL};
    struct drive_case *c = calloc(1, sizeof *c);
    play(c, sets, false);
    expect_agreement(&c->engine, &c->oracle, NULL, NULL, "both");
    close_case(c);
}
