"""The media that the sandbox makes: pictures, clips and sounds."""
