/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hot loop of sim/waveform/filter.h in one precision, for the processor level at hand: filter_apply_impl.h
 * defines
 *     REAL      double or float             PRECISE(name)  name or name_f, of tables and plans
 *     EXECUTE   oac_fft_execute or _f_      LOCAL(name)    name_double or name_single, of functions
 * and includes this file once for each. */
/* x (bins, re im) *= h. The sign is kept from the compiler: GCC 12 makes of an alternating difference and sum one
 * vfmaddsub, which rounds once, even under -ffp-contract=off. */
static void LOCAL(multiply)(size_t bins, const REAL *restrict h, REAL *restrict x)
{
    const volatile REAL one = 1;
    const REAL plus = one, minus = -plus;
    for (size_t i = 0; i < bins; i++) {
        REAL re = x[2 * i], im = x[2 * i + 1];
        x[2 * i] = re * h[2 * i] + minus * (im * h[2 * i + 1]);
        x[2 * i + 1] = re * h[2 * i + 1] + plus * (im * h[2 * i]);
    }
}

/* to (count) = value (lanes reals), again and again */
static void LOCAL(hold)(size_t count, size_t lanes, const REAL *value, REAL *to)
{
    for (size_t i = 0; i < count; i++)
        for (size_t l = 0; l < lanes; l++)
            to[lanes * i + l] = value[l];
}

/* to (count) = in at first .. first + count - 1, where in (n) goes on with its first and last value. */
static void LOCAL(fetch)(size_t n, size_t lanes, const REAL *in, ptrdiff_t first, size_t count,
                         REAL *to)
{
    ptrdiff_t end = first + (ptrdiff_t)count, length = (ptrdiff_t)n;
    ptrdiff_t begin = first < 0 ? (end < 0 ? end : 0) : first; /* of what lies inside */
    ptrdiff_t stop = end > length ? (first > length ? first : length) : end;
    if (begin > stop) /* all before the first sample */
        begin = stop;
    size_t early = first < 0 ? (size_t)(begin - first) : 0;
    size_t inside = begin < length && stop > begin ? (size_t)(stop - begin) : 0;
    LOCAL(hold)(early, lanes, in, to);
    if (inside)
        memcpy(to + lanes * early, in + lanes * (size_t)begin, inside * lanes * sizeof *to);
    LOCAL(hold)
    (count - early - inside, lanes, in + lanes * (n - 1), to + lanes * (early + inside));
}

static bool LOCAL(fits_plan)(const REAL *array)
{
    return (uintptr_t)array % OAC_ALIGN_BYTES == 0;
}

/* x (circle) -= jump s */
static void LOCAL(remove_step)(const struct oac_filter_kernel *kernel, size_t lanes,
                               const REAL *jump, REAL *restrict x)
{
    const REAL *restrict s = kernel->PRECISE(step);
    const REAL re = jump[0], im = jump[1];
    if (lanes == 1) {
        for (size_t i = 0; i < kernel->circle; i++)
            x[i] -= re * s[i];
        return;
    }
    for (size_t i = 0; i < kernel->circle; i++) {
        x[2 * i] -= re * s[i];
        x[2 * i + 1] -= im * s[i];
    }
}

/* out (n) = y + jump S, from sample `lead` of the circle */
static void LOCAL(add_step)(const struct oac_filter_kernel *kernel, size_t lanes,
                            const REAL *jump, size_t n, const REAL *restrict circle,
                            REAL *restrict out)
{
    const REAL *restrict s = kernel->PRECISE(response) + lanes * kernel->lead;
    const REAL *restrict y = circle + lanes * kernel->lead;
    const REAL re = jump[0], im = jump[1];
    const volatile REAL one = 1; /* as in multiply */
    const REAL plus = one, minus = -plus;
    if (lanes == 1) {
        for (size_t i = 0; i < n; i++)
            out[i] = y[i] + re * s[i];
        return;
    }
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = y[2 * i] + (re * s[2 * i] + minus * (im * s[2 * i + 1]));
        out[2 * i + 1] = y[2 * i + 1] + (re * s[2 * i + 1] + plus * (im * s[2 * i]));
    }
}

/* The circle's part of a linear convolution plus what ran over its end. */
static void LOCAL(fold)(const struct oac_filter_kernel *kernel, size_t lanes, REAL *x)
{
    size_t tail = lanes * (kernel->block - kernel->circle), circle = lanes * kernel->circle;
    for (size_t i = 0; i < tail && i < circle; i++)
        x[i] += x[circle + i];
}

static void LOCAL(convolve)(const struct oac_filter_kernel *kernel, size_t lanes, REAL *in,
                            REAL *work, REAL *out)
{
    EXECUTE(kernel->PRECISE(forward), in, work);
    LOCAL(multiply)
    (lanes == 1 ? kernel->block / 2 + 1 : kernel->block, kernel->PRECISE(spectrum), work);
    EXECUTE(kernel->PRECISE(backward), work, out);
}

/* A waveform that fits one block. Where it is the block, nothing is copied: same plans, so same bits. */
static void LOCAL(apply_once)(const struct oac_filter_kernel *kernel, size_t lanes,
                              struct oac_filter_scratch *scratch, size_t n, const REAL *in,
                              REAL *out)
{
    REAL *input = (REAL *)scratch->input, *work = (REAL *)scratch->work;
    const REAL *last = in + lanes * (n - 1);
    REAL jump[2] = {last[0] - in[0], lanes == 2 ? last[1] - in[1] : 0};
    bool jumps = kernel->step && (jump[0] != 0 || jump[1] != 0);
    bool exact = n == kernel->block;
    REAL *from = input, *to = exact && !jumps && LOCAL(fits_plan)(out) ? out : input;
    if (exact && !jumps && LOCAL(fits_plan)(in))
        from = (REAL *)in; /* kept: forward transforms keep their input */
    else
        LOCAL(fetch)(n, lanes, in, -(ptrdiff_t)kernel->lead, kernel->circle, input);
    if (jumps)
        LOCAL(remove_step)(kernel, lanes, jump, input);
    memset(input + lanes * kernel->circle, 0,
           (kernel->block - kernel->circle) * lanes * sizeof *input);
    LOCAL(convolve)(kernel, lanes, from, work, to);
    LOCAL(fold)(kernel, lanes, to);
    if (jumps)
        LOCAL(add_step)(kernel, lanes, jump, n, to, out);
    else if (to != out)
        memcpy(out, to + lanes * kernel->lead, n * lanes * sizeof *out);
}

/* Overlap-save. A block's last samples are the next one's first: kept aside, for out may be in. */
static void LOCAL(apply_blocks)(const struct oac_filter_kernel *kernel, size_t lanes,
                                struct oac_filter_scratch *scratch, size_t n, const REAL *in,
                                REAL *out)
{
    REAL *input = (REAL *)scratch->input, *work = (REAL *)scratch->work;
    REAL *carry = (REAL *)scratch->carry;
    size_t useful = kernel->useful, overlap = kernel->block - useful;
    LOCAL(fetch)(n, lanes, in, -(ptrdiff_t)kernel->lead, overlap, carry);
    for (size_t done = 0; done < n; done += useful) {
        size_t left = n - done, count = left < useful ? left : useful;
        ptrdiff_t fresh = (ptrdiff_t)(done + overlap) - (ptrdiff_t)kernel->lead;
        memcpy(input, carry, overlap * lanes * sizeof *input);
        LOCAL(fetch)(n, lanes, in, fresh, useful, input + lanes * overlap);
        memcpy(carry, input + lanes * useful, overlap * lanes * sizeof *input);
        LOCAL(convolve)(kernel, lanes, input, work, input);
        memcpy(out + lanes * done, input + lanes * kernel->lead, count * lanes * sizeof *out);
    }
}

static void LOCAL(apply)(const struct oac_filter *filter, struct oac_filter_scratch *scratch,
                         size_t n, const REAL *in, REAL *out)
{
    size_t lanes = filter->real ? 1 : 2;
    if (n == 0)
        return;
    if (filter->identity)
        memmove(out, in, n * lanes * sizeof *out);
    else if (n <= filter->whole.useful)
        LOCAL(apply_once)(&filter->whole, lanes, scratch, n, in, out);
    else if (n <= filter->blocks.useful)
        LOCAL(apply_once)(&filter->blocks, lanes, scratch, n, in, out);
    else
        LOCAL(apply_blocks)(&filter->blocks, lanes, scratch, n, in, out);
}
