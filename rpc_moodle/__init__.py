"""The service that lets a platform work with Moodle without knowing Moodle."""
