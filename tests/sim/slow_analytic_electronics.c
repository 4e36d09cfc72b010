/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines "thermal", "read" and "adc" of the variance table. */
#include "tests/sim/monte_carlo.h"

#define SLOTS 16
#define ROWS  4

/* variance: of the readout [electrons^2], the same for every row; NAN: no closed form. */
static void electronics(const char *const *sets, uint32_t noise, double variance,
                        const char *what)
{
    struct optics o;
    struct pattern p;
    struct sample engine, oracle;
    double mu[ROWS * SLOTS], mean[ROWS] = {0.0}, all[ROWS];
    optics_open(&o, noise, sets);
    pattern_fill(&p, &o, ROWS, SLOTS, 6);
    struct mc_scene scene = {&o, &p, noise, 1, 0};
    both_play(&o, &scene, &engine, &oracle);
    mc_mean_light(&scene, mu, NULL);
    for (size_t i = 0; i < ROWS * SLOTS; i++)
        mean[i / SLOTS] += mu[i];
    for (size_t k = 0; k < ROWS; k++)
        all[k] = variance;
    bool closed = !isnan(variance);
    expect_agreement(&engine, &oracle, closed ? mean : NULL, closed ? all : NULL, what);
    expect_covariance(&engine, &oracle, 0, 1, 0.0, what);
    sample_free(&engine);
    sample_free(&oracle);
    optics_close(&o);
}

static const double Q = OAC_ELEMENTARY_CHARGE_C;

Test(electronics, an_integrator_without_double_sampling_has_reset_noise)
{
    const char *sets[] = {"receiver.cds=no", "receiver.capacitance_f=1e-11",
                          "temperature_k=290", NULL};
    electronics(sets, OAC_NOISE_THERMAL, OAC_BOLTZMANN_J_PER_K * 290.0 * 1e-11 / (Q * Q),
                "kTC");
}

Test(electronics, read_noise_is_that_of_the_output)
{
    const char *sets[] = {"receiver.cds=no", "receiver.capacitance_f=2e-13",
                          "receiver.read_noise_v=4e-4", NULL};
    electronics(sets, OAC_NOISE_READ, pow(4e-4 * 2e-13 / Q, 2.0), "read");
}

Test(electronics, double_sampling_removes_reset_noise_and_doubles_read_noise)
{
    const char *sets[] = {"receiver.cds=yes", "receiver.capacitance_f=2e-13",
                          "receiver.read_noise_v=1e-4", NULL};
    electronics(sets, OAC_NOISE_READ | OAC_NOISE_THERMAL, 2.0 * pow(1e-4 * 2e-13 / Q, 2.0),
                "double sampling");
}

Test(electronics, a_tia_collects_its_current_noise_over_the_window)
{
    const char *sets[] = {"receiver.kind=tia", "receiver.gain_v_per_a=1e5",
                          "receiver.in_a_per_rthz=8e-12", NULL};
    electronics(sets, OAC_NOISE_THERMAL, 8e-12 * 8e-12 * SLOTS * 1e-9 / (2.0 * Q * Q), "tia");
}

Test(electronics, a_tia_reads_once_per_slot)
{
    const char *sets[] = {"receiver.kind=tia", "receiver.gain_v_per_a=1e5",
                          "receiver.read_noise_v=1e-3", NULL};
    electronics(sets, OAC_NOISE_READ, SLOTS * pow(1e-3 * 1e-9 / (1e5 * Q), 2.0), "tia read");
}

static double lsb_electrons(double bits)
{
    return 1.0 / (pow(2.0, bits) - 1.0) * 1e-12 / Q;
}

Test(electronics, missing_effective_bits_are_noise_before_rounding)
{
    const char *sets[] = {"adc.bits=8", "adc.enob_bits=6", "adc.min_v=-0.5", NULL};
    electronics(sets, OAC_NOISE_ADC, pow(lsb_electrons(8), 2.0) * (15.0 + 1.0) / 12.0, "adc");
}

Test(electronics, a_sampled_receiver_converts_every_slot)
{
    const char *sets[] = {"receiver.kind=tia", "receiver.gain_v_per_a=1e5",
                          "adc.bits=8",        "adc.enob_bits=6.5",
                          "adc.min_v=-0.5",    NULL};
    double lsb = 1.0 / 255.0 * 1e-9 / (1e5 * Q);
    electronics(sets, OAC_NOISE_ADC, SLOTS * lsb * lsb * 8.0 / 12.0, "sampled adc");
}

/* A slot's value is the mean of its conversions: noise of a conversion's own averages, noise of the current
 * does not. The oracle converts once a slot and is not asked. */
Test(electronics, noise_of_a_conversion_averages_over_those_of_a_slot)
{
    enum { WINDOWS = 20000 };
    const char *many[] = {"receiver.kind=tia",
                          "receiver.gain_v_per_a=1e5",
                          "receiver.read_noise_v=1e-3",
                          "receiver.in_a_per_rthz=4e-12",
                          "adc.bits=8",
                          "adc.enob_bits=6.5",
                          "adc.min_v=-0.5",
                          "adc.samples_per_slot=4",
                          NULL};
    struct optics o;
    struct pattern p;
    optics_open(&o, OAC_NOISE_READ | OAC_NOISE_ADC | OAC_NOISE_THERMAL, many);
    pattern_fill(&p, &o, 1, SLOTS, 6);
    uint32_t handle = optics_load(&o, &p);
    float *code = calloc(WINDOWS, sizeof *code);
    cr_assert_not_null(code);
    optics_play(&o, handle, &p, WINDOWS, 0, code, NULL, NULL);
    double lsb_v = 1.0 / 255.0, sum = 0.0, sum2 = 0.0;
    for (size_t b = 0; b < WINDOWS; b++) {
        double off = (double)code[b] - (double)code[0];
        sum += off;
        sum2 += off * off;
    }
    double own = (pow(1e-3 / lsb_v, 2.0) + 8.0 / 12.0) / 4.0;
    double current = pow(1e5 * 4e-12 / lsb_v, 2.0) / (2.0 * 1e-9);
    double variance = (sum2 - sum * sum / WINDOWS) / (WINDOWS - 1);
    cr_assert_float_eq(variance / (SLOTS * (own + current)), 1.0, 4.0 * sqrt(2.0 / WINDOWS));
    free(code);
    optics_close(&o);
}

/* Noise far below the step: rounding is no longer a variance of lsb^2/12, only the oracle knows. */
Test(electronics, rounding_is_done_not_added)
{
    const char *sets[] = {"adc.bits=8", "receiver.read_noise_v=6e-4", NULL};
    electronics(sets, OAC_NOISE_ADC | OAC_NOISE_READ, NAN, "coarse adc");
}

Test(electronics, a_converter_clips_the_noise_too)
{
    /* 32 slots of about 1e4/4 electrons: 13 mV on 1 pF; full scale in their midst */
    const char *sets[] = {"adc.bits=8", "receiver.read_noise_v=2e-3", "adc.full_scale_v=0.0135",
                          NULL};
    electronics(sets, OAC_NOISE_ADC | OAC_NOISE_READ, NAN, "clipping adc");
}
