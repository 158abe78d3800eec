"""Any site over guarded, limited HTTP; knows nothing of Moodle."""
