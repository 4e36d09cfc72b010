/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a training run sees of a rig: an additive Gaussian per layer output, in plain numbers.
 *
 * Rails, x >= 0. With the light P_k = sum_n (|W_kn| + 2 a_w L) (x_n + a_x M) of an output, where modulators
 * leak a = r/(1-r) of their full scale (L the weight limit, M the largest operand of a chunk; r = 10^(-ER/10))
 * and both passes leak a_w, and with its mean over outputs and images
 * S = <P>, a budget of nbar detected photons per MAC (all passes together) gives nbar N S^-1 photons per unit
 * of P, hence for the decoded output
 *     sigma_k^2 = S P_k / (nbar N) + passes (read S / (nbar N))^2
 * shot noise (physics.md, row 3: for x and |w| uniform this is 0.25^2 N / nbar) and `passes` readouts of
 * read_electrons each. The ranges of the modulators cancel: photons are spent on |W| x, so a network that is
 * trained against this sigma learns to make |W| x small where it carries no information. Both dependences on
 * W and x are differentiated. DAC steps: x to 2^bits - 1 steps of the largest x of a chunk, |w| to 2^bits - 1
 * steps of w_limit, gradients straight through.
 * Not modelled: RIN, crosstalk, drift. */
#ifndef OAC_MODELS_NOISE_MODEL_H
#define OAC_MODELS_NOISE_MODEL_H

#include <stdbool.h>
#include <stddef.h>

struct oac_noise_model {              /* zeroed: an exact forward pass */
    double photons_per_mac;           /* detected; 0: no light noise, no read noise */
    double read_electrons;            /* rms per readout */
    double weight_leak, operand_leak; /* a = r/(1-r) of the modulators; 0: they close fully */
    unsigned dac_bits;                /* of weights and operands; 0: exact */
};

#define OAC_NOISE_PASSES 2.0 /* rails with x >= 0 */

bool oac_noise_model_any(const struct oac_noise_model *noise);

/* A chunk of `rows` samples of a layer with `outputs` (row stride ld) and `inputs`. light (rows, ld) holds
 * P; z (rows, ld) standard normals. y (rows, ld) gets the noise; slope (rows, ld) receives d y/d sigma^2. */
void oac_noise_add(const struct oac_noise_model *noise, size_t inputs, size_t rows,
                   size_t outputs, size_t ld, const float *light, const float *z, float *y,
                   float *slope);

/* Backward of the same: delta (rows, ld) is dL/dy; slope (rows, ld) becomes dL/dP. */
void oac_noise_backward(const struct oac_noise_model *noise, size_t inputs, size_t rows,
                        size_t outputs, size_t ld, const float *light, const float *delta,
                        float *slope);

/* Rounds x (count) to 2^bits - 1 steps of `full`, in place; signs are kept. */
void oac_quantise(unsigned bits, float full, size_t count, float *x);

#endif
