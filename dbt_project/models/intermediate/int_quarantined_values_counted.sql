with deliveries as (

    select * from {{ ref('stg_landed__deliveries') }}

),

quarantined as (

    select * from {{ ref('stg_landed__quarantined_rows') }}

),

current_deliveries as (

    select
        siteid,
        sum(rows_in) as rows_in
    from deliveries
    where is_current
    group by siteid

),

newest as (

    select max(delivered_on) as delivered_on from deliveries
    where is_current

),

-- One content that came under several names was delivered when it came first.
days_delivered as (

    select
        delivery_id,
        min(delivered_on) as delivered_on
    from deliveries
    group by delivery_id

),

set_aside as (

    select
        quarantined.siteid,
        quarantined.code = 'Q_DUP' as is_repeat,
        {{ days_between('days_delivered.delivered_on', 'newest.delivered_on') }} as days_open
    from quarantined
    cross join newest
    left join days_delivered
        on quarantined.delivery_id = days_delivered.delivery_id

),

counted as (

    select
        siteid,
        count(case when is_repeat then 1 end) as rows_repeated,
        count(case when not is_repeat then 1 end) as values_set_aside,
        count(case when not is_repeat then days_open end) as values_dated,
        sum(case when not is_repeat then days_open end) as days_open
    from set_aside
    group by siteid

),

final as (

    select
        current_deliveries.siteid,
        current_deliveries.rows_in,
        coalesce(counted.rows_repeated, 0) as rows_repeated,
        coalesce(counted.values_set_aside, 0) as values_set_aside,
        coalesce(counted.values_dated, 0) as values_dated,
        coalesce(counted.days_open, 0) as days_open
    from current_deliveries
    left join counted
        on current_deliveries.siteid = counted.siteid

)

select * from final
