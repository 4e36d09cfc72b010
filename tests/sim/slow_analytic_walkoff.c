/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Noise of light whose wavelengths arrive at different times. Lines are 100 GHz = 0.8015 nm apart; at
 * 17 ps/(nm km), with the slope that makes them equidistant in time, 73391 m bring 1 ns between them. */
#include "tests/sim/monte_carlo.h"

#define SLOTS 16
#define ROWS  4

static void walk(const char *const *sets, uint32_t noise, size_t steps, const char *what)
{
    struct optics o;
    struct pattern p;
    struct sample engine, oracle;
    optics_open(&o, noise, sets);
    pattern_fill(&p, &o, ROWS, SLOTS, 12);
    struct mc_scene scene = {&o, &p, noise, steps, 0};
    both_play(&o, &scene, &engine, &oracle);
    expect_agreement(&engine, &oracle, NULL, NULL, what);
    for (size_t k = 0; k + 1 < ROWS; k++)
        expect_covariance(&engine, &oracle, k, k + 1, NAN, what);
    sample_free(&engine);
    sample_free(&oracle);
    optics_close(&o);
}

#define FIBER \
    "laser.grid_hz=100e9", "fiber.dispersion_ps_nm_km=17", "fiber.slope_ps_nm2_km=-0.0219338"
#define RIN "laser.rin_db_per_hz=-125"

/* The weights are pre-delayed onto the same slots, the hum of the laser is not. */
Test(walkoff, a_comb_two_slots_apart_from_itself)
{
    const char *sets[] = {FIBER, RIN, "laser.shared=yes", "fiber.length_m=146782", NULL};
    walk(sets, OAC_NOISE_RIN, 1, "comb two slots apart");
}

Test(walkoff, a_comb_one_slot_apart_from_itself)
{
    const char *sets[] = {FIBER, RIN, "laser.shared=yes", "fiber.length_m=73391", NULL};
    walk(sets, OAC_NOISE_RIN, 2, "comb one slot apart");
}

/* Weights and hum walk off together. */
Test(walkoff, a_comb_that_is_not_precompensated)
{
    const char *sets[] = {FIBER,
                          RIN,
                          "laser.shared=yes",
                          "fiber.length_m=146782",
                          "fiber.precompensate=no",
                          "guard_slots=8",
                          NULL};
    walk(sets, OAC_NOISE_RIN, 1, "comb two slots late");
}

Test(walkoff, whole_slots_of_weights_and_their_noise)
{
    const char *sets[] = {FIBER,
                          RIN,
                          "weight_modulator.drive_noise_v=0.02",
                          "fiber.length_m=146782",
                          "fiber.precompensate=no",
                          NULL};
    walk(sets, OAC_NOISE_RIN | OAC_NOISE_DRIVE, 1, "whole slots");
}

/* A detector's slot holds parts of two weights, and it is their squares that are averaged. */
Test(walkoff, light_off_by_part_of_a_slot_keeps_its_peaks)
{
    const char *sets[] = {FIBER, RIN, "fiber.length_m=36695.5", "fiber.precompensate=no", NULL};
    walk(sets, OAC_NOISE_RIN, 4, "half a slot, rin");
}

/* A weight that straddles two of the client's slots carries its one error into both. */
Test(walkoff, a_weight_off_by_part_of_a_slot_brings_its_error_into_two)
{
    const char *sets[] = {FIBER, "weight_modulator.drive_noise_v=0.02",
                          "fiber.length_m=36695.5", "fiber.precompensate=no", NULL};
    walk(sets, OAC_NOISE_DRIVE, 4, "half a slot, drive");
}
