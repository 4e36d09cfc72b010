/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Line "rin" of the variance table.
 *     (M^2 rin/2) int p^2 dt; one gain per window below 1/T_w; one sequence for all lines of a comb */
#include "tests/sim/monte_carlo.h"

#define SLOTS 16
#define ROWS  4

struct rin_case {
    struct optics o;
    struct pattern p;
    struct mc_scene scene;
    struct sample engine, oracle;
    double mu[ROWS][ROWS][SLOTS]; /* [detector][line][slot], of the difference for a pair */
    double mean[ROWS];
    double white, slow; /* rin/(2 T) and the variance of a window's gain, times M^2 */
};

static void play(struct rin_case *c, const char *const *sets, bool differential)
{
    optics_open(&c->o, OAC_NOISE_RIN, sets);
    pattern_fill(&c->p, &c->o, ROWS, SLOTS, 7);
    c->p.differential = differential;
    c->scene = (struct mc_scene){&c->o, &c->p, OAC_NOISE_RIN, 1, 0};
    both_play(&c->o, &c->scene, &c->engine, &c->oracle);
    const struct oac_rig *rig = &c->o.rig;
    double m = rig->detector.gain, rin = ratio_db(rig->laser.rin_db_per_hz);
    c->white = m * m * rin * rig->slot_rate_hz / 2.0;
    c->slow = m * m * rin * rig->laser.rin_corner_hz *
              log(rig->slot_rate_hz / SLOTS / rig->laser.rin_min_hz);
    for (size_t k = 0; k < ROWS; k++)
        for (size_t j = 0; j < ROWS; j++)
            for (size_t n = 0; n < SLOTS; n++) {
                c->mu[k][j][n] = light_of(&c->scene, k, j, n, false);
                if (differential)
                    c->mu[k][j][n] -= light_of(&c->scene, k, j, n, true);
                c->mean[k] += m * c->mu[k][j][n];
            }
}

static void close_case(struct rin_case *c)
{
    sample_free(&c->engine);
    sample_free(&c->oracle);
    optics_close(&c->o);
    free(c);
}

/* Every line hums by itself. */
static void independent(const char *const *sets, bool differential, const char *what)
{
    struct rin_case *c = calloc(1, sizeof *c);
    double variance[ROWS] = {0.0};
    play(c, sets, differential);
    for (size_t k = 0; k < ROWS; k++)
        for (size_t j = 0; j < ROWS; j++) {
            double sum = 0.0;
            for (size_t n = 0; n < SLOTS; n++) {
                variance[k] += c->white * c->mu[k][j][n] * c->mu[k][j][n];
                sum += c->mu[k][j][n];
            }
            variance[k] += c->slow * sum * sum;
        }
    expect_agreement(&c->engine, &c->oracle, c->mean, variance, what);
    close_case(c);
}

/* One laser for all: what detectors k and l hear of it. */
static double common(const struct rin_case *c, size_t k, size_t l)
{
    double white = 0.0, sum_k = 0.0, sum_l = 0.0;
    for (size_t n = 0; n < SLOTS; n++) {
        double a = 0.0, b = 0.0;
        for (size_t j = 0; j < ROWS; j++) {
            a += c->mu[k][j][n];
            b += c->mu[l][j][n];
        }
        white += a * b;
        sum_k += a;
        sum_l += b;
    }
    return c->white * white + c->slow * sum_k * sum_l;
}

static void shared(const char *const *sets, const char *what)
{
    struct rin_case *c = calloc(1, sizeof *c);
    double variance[ROWS];
    play(c, sets, false);
    for (size_t k = 0; k < ROWS; k++)
        variance[k] = common(c, k, k);
    expect_agreement(&c->engine, &c->oracle, c->mean, variance, what);
    for (size_t k = 0; k + 1 < ROWS; k++)
        expect_covariance(&c->engine, &c->oracle, k, k + 1, common(c, k, k + 1), what);
    close_case(c);
}

Test(rin, independent_lasers)
{
    const char *sets[] = {"laser.rin_db_per_hz=-125", "detector.quantum_efficiency=0.6", NULL};
    independent(sets, false, "independent");
}

Test(rin, independent_lasers_do_not_correlate_channels)
{
    const char *sets[] = {"laser.rin_db_per_hz=-125", NULL};
    struct rin_case *c = calloc(1, sizeof *c);
    play(c, sets, false);
    for (size_t k = 0; k + 1 < ROWS; k++)
        expect_covariance(&c->engine, &c->oracle, k, k + 1, 0.0, "independent");
    close_case(c);
}

Test(rin, crosstalk_adds_the_noise_of_each_source_apart)
{
    const char *sets[] = {"laser.rin_db_per_hz=-125", "demux.adjacent_db=6",
                          "demux.nonadjacent_db=10", "demux.il_db=3", NULL};
    independent(sets, false, "crosstalk");
}

Test(rin, a_pair_subtracts_the_common_noise_of_its_two_outputs)
{
    const char *sets[] = {"laser.rin_db_per_hz=-125",         "detector.pair=yes",
                          "weight_modulator.dual_output=yes", "adc.min_v=-0.5",
                          "weight_modulator.er_db=13",        NULL};
    independent(sets, true, "pair");
}

Test(rin, an_avalanche_multiplies_it)
{
    const char *sets[] = {"laser.rin_db_per_hz=-125", "detector.kind=apd", "detector.gain=5",
                          "detector.excess_noise=3", NULL};
    independent(sets, false, "apd");
}

Test(rin, below_the_window_rate_it_is_one_gain_per_window)
{
    const char *sets[] = {"laser.rin_db_per_hz=-135", "laser.rin_corner_hz=1e7", NULL};
    independent(sets, false, "corner");
}

Test(rin, the_gains_of_a_window_cross_over_with_the_light)
{
    const char *sets[] = {"laser.rin_db_per_hz=-135", "laser.rin_corner_hz=1e7",
                          "demux.adjacent_db=6", "demux.il_db=3", NULL};
    independent(sets, false, "corner and crosstalk");
}

Test(rin, a_comb_is_one_noise_for_all_channels)
{
    const char *sets[] = {"laser.rin_db_per_hz=-125", "laser.shared=yes", NULL};
    shared(sets, "comb");
}

Test(rin, a_comb_with_crosstalk_adds_amplitudes_not_variances)
{
    const char *sets[] = {"laser.rin_db_per_hz=-125", "laser.shared=yes", "demux.adjacent_db=6",
                          "demux.il_db=3", NULL};
    shared(sets, "comb and crosstalk");
}

Test(rin, a_comb_below_the_window_rate_is_one_gain_for_all)
{
    const char *sets[] = {"laser.rin_db_per_hz=-135", "laser.rin_corner_hz=1e7",
                          "laser.shared=yes", NULL};
    shared(sets, "comb and corner");
}
