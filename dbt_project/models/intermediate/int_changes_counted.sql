-- Only subjects of sites whose deliveries have an earlier one to be compared with; the others are left out.
with changes as (

    select * from {{ ref('record_changes') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

visits as (

    select * from {{ ref('int_visits_counted') }}

),

history as (

    select * from {{ ref('stg_landed__history_deliveries') }}

),

deliveries as (

    select * from {{ ref('stg_landed__deliveries') }}

),

metrics as (

    select * from {{ source('study', 'metrics') }}

),

compared_sites as (

    select distinct deliveries.siteid
    from history
    inner join deliveries
        on history.delivery_id = deliveries.delivery_id

),

dated_changes as (

    select
        changes.usubjid,
        changes.change,
        -- A record's key holds its date as ISO 8601 text.
        try_cast(nullif(regexp_extract(changes.record_key, '[0-9]{4}-[0-9]{2}-[0-9]{2}'), '') as date) as record_date,
        history.delivered_on as absent_on
    from changes
    left join history
        on changes.old_delivery_id = history.delivery_id
    where changes.domain in ('QS', 'VS', 'AE') and (changes.change <> 'added' or changes.domain = 'QS')

),

counted as (

    select
        dated_changes.usubjid,
        count(case when dated_changes.change = 'changed' then 1 end) as values_changed,
        count(
            distinct case
                when
                    dated_changes.change = 'added'
                    and {{ days_between('dated_changes.record_date', 'dated_changes.absent_on') }} > metrics.parameter
                    then dated_changes.record_date
            end
        ) as days_late
    from dated_changes
    left join metrics
        on metrics.metric = 'late_entry'
    group by dated_changes.usubjid

),

final as (

    select
        subjects.usubjid,
        coalesce(counted.values_changed, 0) as values_changed,
        coalesce(counted.days_late, 0) as days_late,
        visits.days,
        visits.records
    from subjects
    inner join compared_sites
        on subjects.siteid = compared_sites.siteid
    left join visits
        on subjects.usubjid = visits.usubjid
    left join counted
        on subjects.usubjid = counted.usubjid

)

select * from final
