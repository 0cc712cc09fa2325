-- The idea is that of simaerep (Koneswarakantha 2024). Subjects followed for less than a week are left out.
with subjects as (

    select * from {{ ref('int_subject_weeks_counted') }}

),

followed as (

    select
        usubjid,
        siteid,
        weeks,
        events
    from subjects
    where week_number = weeks

),

sites as (

    select distinct siteid from followed

),

-- Who can stand for a subject of the site: all subjects of other sites, those followed longest first.
pools as (

    select
        sites.siteid,
        followed.usubjid,
        followed.weeks,
        row_number() over (partition by sites.siteid order by followed.weeks desc, followed.usubjid asc) as place
    from sites
    inner join followed on sites.siteid <> followed.siteid

),

pool_sizes as (

    select
        siteid,
        weeks,
        max(place) as places
    from pools
    group by siteid, weeks

),

choices as (

    select
        followed.usubjid,
        followed.siteid,
        followed.weeks,
        followed.events,
        max(pool_sizes.places) as places
    from followed
    inner join pool_sizes on followed.siteid = pool_sizes.siteid and followed.weeks <= pool_sizes.weeks
    group by followed.usubjid, followed.siteid, followed.weeks, followed.events

),

replicates as (

    select unnest(generate_series(1, parameter)) as replicate from {{ source('study', 'metrics') }}
    where metric = 'ae_rate'

),

draws as (

    select
        choices.siteid,
        choices.weeks,
        choices.events,
        replicates.replicate,
        1 + {{ number_from_text("choices.usubjid || ' ' || replicates.replicate") }} % choices.places as place
    from choices
    cross join replicates

),

final as (

    select
        draws.siteid,
        draws.replicate,
        count(*) as subjects,
        sum(draws.weeks) as weeks,
        sum(draws.events) as events,
        sum(subjects.events) as events_drawn
    from draws
    inner join pools on draws.siteid = pools.siteid and draws.place = pools.place
    inner join subjects on pools.usubjid = subjects.usubjid and draws.weeks = subjects.week_number
    group by draws.siteid, draws.replicate

)

select * from final
