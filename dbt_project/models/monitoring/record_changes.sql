with records as (

    select * from {{ ref('stg_landed__history_records') }}

),

deliveries as (

    select * from {{ ref('stg_landed__history_deliveries') }}

),

variables as (

    select * from {{ ref('stg_landed__history_variables') }}

),

older as (

    select * from records
    where next_step is not null

),

-- The first delivery of an export adds nothing, and what an increment brings for the first time is no change.
pairs as (

    select
        coalesce(newer.studyid, older.studyid) as studyid,
        coalesce(newer.siteid, older.siteid) as siteid,
        coalesce(newer.usubjid, older.usubjid) as usubjid,
        coalesce(newer.domain, older.domain) as domain,
        coalesce(newer.record_key, older.record_key) as record_key,
        case
            when older.step is null then 'added'
            when newer.step is null then 'vanished'
            else 'changed'
        end as change,
        older.record_values as old_values,
        newer.record_values as new_values,
        coalesce(newer.export_number, older.export_number) as export_number,
        coalesce(older.step, newer.step - 1) as old_step,
        coalesce(newer.step, older.next_step) as new_step,
        older.source_row as old_source_row,
        newer.source_row as new_source_row
    from older
    full outer join records as newer
        on older.export_number = newer.export_number
            and older.next_step = newer.step
            and older.domain = newer.domain
            and older.match_key = newer.match_key
            and older.occurrence = newer.occurrence
    where
        older.record_values is distinct from newer.record_values
        and (older.step is not null or (newer.step > 1 and not newer.is_increment))

),

-- A changed record has a row for each value that differs; one that is new or gone has one row.
final as (

    select
        pairs.studyid,
        pairs.siteid,
        pairs.usubjid,
        pairs.domain,
        pairs.record_key,
        variables.variable,
        pairs.change,
        case when not variables.is_withheld then pairs.old_values[variables.position] end as old_value,
        case when not variables.is_withheld then pairs.new_values[variables.position] end as new_value,
        new_deliveries.delivered_on as seen_on,
        old_deliveries.delivery_id as old_delivery_id,
        old_deliveries.file as old_source_file,
        pairs.old_source_row,
        new_deliveries.delivery_id as new_delivery_id,
        new_deliveries.file as new_source_file,
        pairs.new_source_row
    from pairs
    left join variables
        on pairs.change = 'changed'
            and pairs.domain = variables.domain
            and pairs.old_values[variables.position] is distinct from pairs.new_values[variables.position]
            -- A result as collected that says no more than the result is no second change.
            and not coalesce(
                pairs.old_values[variables.position] = pairs.old_values[variables.repeats_position]
                and pairs.new_values[variables.position] = pairs.new_values[variables.repeats_position],
                false
            )
    left join deliveries as old_deliveries
        on pairs.export_number = old_deliveries.export_number
            and pairs.old_step = old_deliveries.step
    left join deliveries as new_deliveries
        on pairs.export_number = new_deliveries.export_number
            and pairs.new_step = new_deliveries.step

)

select * from final
