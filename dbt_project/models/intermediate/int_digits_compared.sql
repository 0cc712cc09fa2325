-- Digits of vital signs are held against ten equally frequent ones, those of scores against the other sites'.
with digits as (

    select * from {{ ref('int_digits_counted') }}

),

expected as (

    select
        *,
        case
            when metric = 'digit_preference_vital_signs' then 0.1
            else cast(times_in_study as double) / n_in_study
        end as digit_share
    from digits

),

-- Decimals: their sum is the same in any order.
summed as (

    select
        metric,
        siteid,
        paramcd,
        kinds,
        n,
        n_in_study,
        max(times) as times_most,
        sum(cast(times * times / (n * digit_share) as decimal(30, 8))) as squares
    from expected
    group by metric, siteid, paramcd, kinds, n, n_in_study

),

-- Pearson's chi-square; against the other sites, that of a table of two rows. One site has no others.
chi_squares as (

    select
        metric,
        siteid,
        paramcd,
        n,
        times_most,
        kinds - 1 as degrees,
        case
            when metric = 'digit_preference_vital_signs' then squares - n
            when n_in_study > n then (squares - n) * n_in_study / (n_in_study - n)
        end as chi_square
    from summed

),

of_sites as (

    select
        metric,
        siteid,
        cast(sum(n) as double) as n,
        cast(sum(times_most) as double) as times_most,
        cast(sum(degrees) as double) as degrees,
        cast(sum(cast(chi_square as decimal(30, 8))) as double) as chi_square
    from chi_squares
    where chi_square is not null and degrees > 0
    group by metric, siteid

),

scored as (

    select
        *,
        {{ chi_square_score('chi_square', 'degrees') }} as score
    from of_sites

),

final as (

    select
        metric,
        siteid,
        n,
        times_most as numerator,
        n as denominator,
        round(100 * sqrt(chi_square / (degrees * n)), 6) as value,
        round(100 / sqrt(n), 6) as expected,
        round(score, 4) as score,
        round({{ normal_tail('score') }}, 6) as p_value
    from scored

)

select * from final
