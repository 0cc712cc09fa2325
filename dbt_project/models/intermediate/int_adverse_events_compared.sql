with simulated as (

    select * from {{ ref('int_adverse_events_simulated') }}

),

metrics as (

    select * from {{ source('study', 'metrics') }}

),

counted as (

    select
        siteid,
        max(subjects) as n,
        max(events) as numerator,
        max(weeks) as denominator,
        count(*) as replicates,
        count(case when events_drawn <= events then 1 end) as replicates_at_most,
        count(case when events_drawn >= events then 1 end) as replicates_at_least,
        cast(sum(events_drawn) as double) / count(*) as mean_drawn,
        cast(sum(events_drawn * events_drawn) as double) / count(*) as mean_square_drawn
    from simulated
    group by siteid

),

-- The site itself is one of the replicates: no p-value is 0.
tails as (

    select
        *,
        (1 + replicates_at_most) / (1.0 + replicates) as p_low,
        (1 + replicates_at_least) / (1.0 + replicates) as p_high,
        mean_square_drawn - mean_drawn * mean_drawn as variance_drawn
    from counted

),

final as (

    select
        'ae_rate' as metric,
        tails.siteid,
        tails.n,
        tails.numerator,
        tails.denominator,
        round(tails.mean_drawn / tails.denominator, 8) as expected,
        case
            when tails.variance_drawn > 1e-9
                then round((tails.numerator - tails.mean_drawn) / sqrt(tails.variance_drawn), 4)
        end as score,
        round(
            case metrics.direction
                when 'low' then tails.p_low
                when 'high' then tails.p_high
                else least(1, 2 * least(tails.p_low, tails.p_high))
            end, 6
        ) as p_value
    from tails
    left join metrics
        on metrics.metric = 'ae_rate'

)

select * from final
