with vital_signs as (

    select * from {{ ref('advs') }}

),

scores as (

    select * from {{ ref('adqs') }}

),

tests as (

    select * from {{ source('study', 'metric_tests') }}

),

readings as (

    select
        tests.metric,
        vital_signs.siteid,
        'all' as paramcd,
        cast(floor(abs(vital_signs.aval)) as bigint) % 10 as digit
    from vital_signs
    inner join tests
        on vital_signs.paramcd = tests.testcd and tests.metric = 'digit_preference_vital_signs'
    where vital_signs.aval is not null
    union all
    select
        tests.metric,
        scores.siteid,
        scores.paramcd,
        cast(floor(abs(scores.aval)) as bigint) % 10 as digit
    from scores
    inner join tests
        on scores.paramcd = tests.testcd and tests.metric = 'digit_preference_scores'
    where scores.aval is not null

),

digits as (

    select
        metric,
        siteid,
        paramcd,
        digit,
        count(*) as times
    from readings
    group by metric, siteid, paramcd, digit

),

kinds as (

    select
        metric,
        paramcd,
        case when metric = 'digit_preference_vital_signs' then 10 else count(distinct digit) end as kinds
    from digits
    group by metric, paramcd

),

final as (

    select
        digits.metric,
        digits.siteid,
        digits.paramcd,
        digits.digit,
        kinds.kinds,
        digits.times,
        sum(digits.times) over (partition by digits.metric, digits.siteid, digits.paramcd) as n,
        sum(digits.times) over (partition by digits.metric, digits.paramcd, digits.digit) as times_in_study,
        sum(digits.times) over (partition by digits.metric, digits.paramcd) as n_in_study
    from digits
    left join kinds
        on digits.metric = kinds.metric and digits.paramcd = kinds.paramcd

)

select * from final
