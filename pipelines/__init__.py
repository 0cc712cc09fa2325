"""Afterglow: from what the sites deliver to tables and reports that can be trusted.

A data cut is a pure function of (deliveries, study file, code, blinding). The steps, in the order in which the data
meets them, are the subpackages and modules here, each named as its CLI verb and its Airflow task:
land, build, gate, report, sign, publish, verify.
"""
