"""The daemon: feeds strategies with snapshots on their schedules, and hands what they want to execution."""
