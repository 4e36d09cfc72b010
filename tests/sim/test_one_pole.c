/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <criterion/criterion.h>
#include <math.h>

#include "base/constants.h"
#include "sim/components/mzm.h"

static double full_swing(double u)
{
    double c = cos(0.5 * OAC_PI * u); /* driven from null (u = 1) to peak (u = 0) */
    return c * c;
}

/* Average over one slot by the midpoint rule in time. */
static double brute_average(double (*f)(double), double tau_s, double slot_s)
{
    enum { STEPS = 200000 };
    double sum = 0.0;
    for (int i = 0; i < STEPS; i++)
        sum += f(exp(-(i + 0.5) * slot_s / STEPS / tau_s));
    return sum / STEPS;
}

static double node_average(double (*f)(double), double tau_s, double slot_s, size_t count)
{
    double u[OAC_ONE_POLE_NODES_MAX], weight[OAC_ONE_POLE_NODES_MAX], sum = 0.0;
    oac_one_pole_nodes(tau_s, slot_s, count, u, weight);
    for (size_t i = 0; i < count; i++)
        sum += weight[i] * f(u[i]);
    return sum;
}

Test(one_pole, time_constant_belongs_to_the_half_power_frequency)
{
    double tau_s = oac_one_pole_tau_s(20e9);
    double omega = 2.0 * OAC_PI * 20e9;
    cr_assert_float_eq(1.0 / (1.0 + pow(omega * tau_s, 2)), 0.5, 1e-12);
    cr_assert_eq(oac_one_pole_tau_s(INFINITY), 0.0);
}

/* Reference row 8: 20 GHz pole, small signal. */
Test(one_pole, next_slot_gets_7_96_percent_at_10_gbaud_and_15_9_at_20)
{
    double tau_s = oac_one_pole_tau_s(20e9);
    cr_assert_float_eq(oac_one_pole_leak(tau_s, 100e-12, 1), 0.0796,
                       0.5e-4); /* last digit given */
    cr_assert_float_eq(oac_one_pole_leak(tau_s, 50e-12, 1), 0.159, 0.5e-3);
}

/* Reference row 8: an isolated full-swing weight, the pole acting on V. The weight's own slot charges V towards
 * the peak, the next one discharges it from where it got, 1 - E of the swing. */
static double leak_memory;

static double falling_tail(double u)
{
    double c = sin(0.5 * OAC_PI * (1.0 - leak_memory) * u);
    return c * c;
}

static double full_swing_leak(double slot_s, size_t count)
{
    double tau_s = oac_one_pole_tau_s(20e9);
    leak_memory = oac_one_pole_memory(tau_s, slot_s);
    return node_average(falling_tail, tau_s, slot_s, count);
}

Test(one_pole, isolated_full_swing_weight_leaks_6_56_percent_and_13_1)
{
    cr_assert_float_eq(full_swing_leak(100e-12, 6), 0.0656, 0.5e-4);
    cr_assert_float_eq(full_swing_leak(50e-12, 6), 0.131, 0.5e-3);
}

Test(one_pole, leaks_of_all_slots_sum_to_one)
{
    const double slots_per_tau[] = {0.05, 0.5, 1.0, 3.0, 20.0};
    for (unsigned i = 0; i < 5; i++) {
        double sum = 0.0;
        for (size_t later = 0; later < 2000; later++)
            sum += oac_one_pole_leak(1.0, slots_per_tau[i], later);
        cr_assert_float_eq(sum, 1.0, 1e-12); /* e^-100 is left */
    }
}

Test(one_pole, each_later_slot_gets_what_one_slot_leaves)
{
    double memory = oac_one_pole_memory(1.0, 0.7);
    for (size_t later = 1; later < 6; later++)
        cr_assert_float_eq(oac_one_pole_leak(1.0, 0.7, later + 1) /
                               oac_one_pole_leak(1.0, 0.7, later),
                           memory, 1e-12);
}

Test(one_pole, no_pole_leaks_nothing)
{
    cr_assert_eq(oac_one_pole_leak(0.0, 1.0, 0), 1.0);
    cr_assert_eq(oac_one_pole_leak(0.0, 1.0, 1), 0.0);
    cr_assert_eq(oac_one_pole_memory(0.0, 1.0), 0.0);
    cr_assert_float_eq(node_average(full_swing, 0.0, 1.0, 6), 1.0, 1e-15);
}

Test(one_pole, weights_of_the_nodes_sum_to_one_and_nodes_lie_between_memory_and_one)
{
    double u[OAC_ONE_POLE_NODES_MAX], weight[OAC_ONE_POLE_NODES_MAX];
    for (size_t count = 1; count <= OAC_ONE_POLE_NODES_MAX; count++) {
        double sum = 0.0;
        oac_one_pole_nodes(1.0, 2.0, count, u, weight);
        for (size_t i = 0; i < count; i++) {
            sum += weight[i];
            cr_assert(i == 0 ? u[i] == 0.0 : u[i] > exp(-2.0) && u[i] < 1.0);
        }
        cr_assert_float_eq(sum, 1.0, 1e-14);
    }
}

static double identity(double u)
{
    return u;
}

Test(one_pole, nodes_average_a_linear_response_to_the_closed_form)
{
    for (double ratio = 0.1; ratio < 40.0; ratio *= 1.7) {
        double exact = (1.0 - exp(-ratio)) / ratio;
        cr_assert_float_eq(node_average(identity, 1.0, ratio, 2), exact, 1e-14);
    }
}

Test(one_pole, six_nodes_average_a_full_swing_to_1e_6)
{
    for (double ratio = 0.2; ratio < 60.0; ratio *= 1.9) {
        double brute = brute_average(full_swing, 1.0, ratio);
        cr_assert_float_eq(node_average(full_swing, 1.0, ratio, 6), brute, 1e-6);
    }
}

Test(one_pole, two_nodes_do_not_average_a_full_swing_to_1e_6)
{
    double brute = brute_average(full_swing, 1.0, 6.0);
    cr_assert(fabs(node_average(full_swing, 1.0, 6.0, 2) - brute) > 1e-4);
}
